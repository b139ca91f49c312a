DROP TABLE pending_log_ins;
