DROP TABLE provider_journeys;
