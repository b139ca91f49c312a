DROP INDEX accounts_door;
