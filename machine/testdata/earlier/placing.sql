PRAGMA foreign_keys=OFF;
BEGIN TRANSACTION;
CREATE TABLE process (
	id INTEGER PRIMARY KEY AUTOINCREMENT,
	command_id TEXT,
	command TEXT,
	pid INTEGER NULL,
	status TEXT,
	output TEXT NULL,
	error TEXT NULL,
	return_code INTEGER NULL,
	start_time DATETIME,
	end_time DATETIME NULL,
	type TEXT,
	args TEXT
);
INSERT INTO process VALUES(1,'21b9a6d9-3e19-4207-82e6-d2d017e0fc4b','dbcalm-db-cmd full_backup base',NULL,'success',NULL,NULL,0,'2026-11-27 09:06:42.992241+00:00','2026-11-27 09:06:43.229513+00:00','backup','{"id":"base"}');
INSERT INTO process VALUES(2,'21b9a6d9-3e19-4207-82e6-d2d017e0fc4b','/usr/bin/mariadb-backup --defaults-file=/srv/mariadb/credentials.cnf --defaults-group-suffix=-dbcalm --backup --target-dir=@DIR@/backups/.partial/21b9a6d9-3e19-4207-82e6-d2d017e0fc4b-1 --datadir=/srv/mariadb/data/ --parallel=1',16553,'success',replace('[01] 2026-11-27 09:06:43         ...done\n[01] 2026-11-27 09:06:43 Copying ./sys/statements_with_sorting.frm to @DIR@/backups/.partial/21b9a6d9-3e19-4207-82e6-d2d017e0fc4b-1/sys/statements_with_sorting.frm\n[01] 2026-11-27 09:06:43         ...done\n[01] 2026-11-27 09:06:43 Copying ./sys/x@0024schema_tables_with_full_table_scans.frm to @DIR@/backups/.partial/21b9a6d9-3e19-4207-82e6-d2d017e0fc4b-1/sys/x@0024schema_tables_with_full_table_scans.frm\n[01] 2026-11-27 09:06:43         ...done\n[01] 2026-11-27 09:06:43 Copying ./sys/x@0024waits_global_by_latency.frm to @DIR@/backups/.partial/21b9a6d9-3e19-4207-82e6-d2d017e0fc4b-1/sys/x@0024waits_global_by_latency.frm\n[01] 2026-11-27 09:06:43         ...done\n[01] 2026-11-27 09:06:43 Copying ./sys/memory_by_host_by_current_bytes.frm to @DIR@/backups/.partial/21b9a6d9-3e19-4207-82e6-d2d017e0fc4b-1/sys/memory_by_host_by_current_bytes.frm\n[01] 2026-11-27 09:06:43         ...done\n[01] 2026-11-27 09:06:43 Copying ./sys/x@0024schema_flattened_keys.frm to @DIR@/backups/.partial/21b9a6d9-3e19-4207-82e6-d2d017e0fc4b-1/sys/x@0024schema_flattened_keys.frm\n[01] 2026-11-27 09:06:43         ...done\n[01] 2026-11-27 09:06:43 Copying ./sys/io_by_thread_by_latency.frm to @DIR@/backups/.partial/21b9a6d9-3e19-4207-82e6-d2d017e0fc4b-1/sys/io_by_thread_by_latency.frm\n[01] 2026-11-27 09:06:43         ...done\n[01] 2026-11-27 09:06:43 Copying ./sys/x@0024host_summary_by_file_io_type.frm to @DIR@/backups/.partial/21b9a6d9-3e19-4207-82e6-d2d017e0fc4b-1/sys/x@0024host_summary_by_file_io_type.frm\n[01] 2026-11-27 09:06:43         ...done\n[01] 2026-11-27 09:06:43 Copying ./sys/statements_with_errors_or_warnings.frm to @DIR@/backups/.partial/21b9a6d9-3e19-4207-82e6-d2d017e0fc4b-1/sys/statements_with_errors_or_warnings.frm\n[01] 2026-11-27 09:06:43         ...done\n[01] 2026-11-27 09:06:43 Copying ./sys/metrics.frm to @DIR@/backups/.partial/21b9a6d9-3e19-4207-82e6-d2d017e0fc4b-1/sys/metrics.frm\n[01] 2026-11-27 09:06:43         ...done\n[01] 2026-11-27 09:06:43 Copying ./sys/session.frm to @DIR@/backups/.partial/21b9a6d9-3e19-4207-82e6-d2d017e0fc4b-1/sys/session.frm\n[01] 2026-11-27 09:06:43         ...done\n[01] 2026-11-27 09:06:43 Copying ./sys/x@0024statements_with_temp_tables.frm to @DIR@/backups/.partial/21b9a6d9-3e19-4207-82e6-d2d017e0fc4b-1/sys/x@0024statements_with_temp_tables.frm\n[01] 2026-11-27 09:06:43         ...done\n[01] 2026-11-27 09:06:43 Copying ./sys/x@0024statement_analysis.frm to @DIR@/backups/.partial/21b9a6d9-3e19-4207-82e6-d2d017e0fc4b-1/sys/x@0024statement_analysis.frm\n[01] 2026-11-27 09:06:43         ...done\n[01] 2026-11-27 09:06:43 Copying ./sys/x@0024ps_digest_avg_latency_distribution.frm to @DIR@/backups/.partial/21b9a6d9-3e19-4207-82e6-d2d017e0fc4b-1/sys/x@0024ps_digest_avg_latency_distribution.frm\n[01] 2026-11-27 09:06:43         ...done\n[01] 2026-11-27 09:06:43 Copying ./sys/io_global_by_file_by_bytes.frm to @DIR@/backups/.partial/21b9a6d9-3e19-4207-82e6-d2d017e0fc4b-1/sys/io_global_by_file_by_bytes.frm\n[01] 2026-11-27 09:06:43         ...done\n[01] 2026-11-27 09:06:43 Copying ./sys/statements_with_temp_tables.frm to @DIR@/backups/.partial/21b9a6d9-3e19-4207-82e6-d2d017e0fc4b-1/sys/statements_with_temp_tables.frm\n[01] 2026-11-27 09:06:43         ...done\n[01] 2026-11-27 09:06:43 Copying ./sys/schema_auto_increment_columns.frm to @DIR@/backups/.partial/21b9a6d9-3e19-4207-82e6-d2d017e0fc4b-1/sys/schema_auto_increment_columns.frm\n[01] 2026-11-27 09:06:43         ...done\n[01] 2026-11-27 09:06:43 Copying ./sys/schema_object_overview.frm to @DIR@/backups/.partial/21b9a6d9-3e19-4207-82e6-d2d017e0fc4b-1/sys/schema_object_overview.frm\n[01] 2026-11-27 09:06:43         ...done\n[01] 2026-11-27 09:06:43 Copying ./sys/statement_analysis.frm to @DIR@/backups/.partial/21b9a6d9-3e19-4207-82e6-d2d017e0fc4b-1/sys/statement_analysis.frm\n[01] 2026-11-27 09:06:43         ...done\n[01] 2026-11-27 09:06:43 Copying ./sys/x@0024host_summary_by_stages.frm to @DIR@/backups/.partial/21b9a6d9-3e19-4207-82e6-d2d017e0fc4b-1/sys/x@0024host_summary_by_stages.frm\n[01] 2026-11-27 09:06:43         ...done\n[01] 2026-11-27 09:06:43 Copying ./sys/x@0024user_summary_by_statement_latency.frm to @DIR@/backups/.partial/21b9a6d9-3e19-4207-82e6-d2d017e0fc4b-1/sys/x@0024user_summary_by_statement_latency.frm\n[01] 2026-11-27 09:06:43         ...done\n[01] 2026-11-27 09:06:43 Copying ./sys/io_global_by_file_by_latency.frm to @DIR@/backups/.partial/21b9a6d9-3e19-4207-82e6-d2d017e0fc4b-1/sys/io_global_by_file_by_latency.frm\n[01] 2026-11-27 09:06:43         ...done\n[01] 2026-11-27 09:06:43 Copying ./sys/host_summary_by_file_io.frm to @DIR@/backups/.partial/21b9a6d9-3e19-4207-82e6-d2d017e0fc4b-1/sys/host_summary_by_file_io.frm\n[01] 2026-11-27 09:06:43         ...done\n[01] 2026-11-27 09:06:43 Copying ./sys/memory_by_thread_by_current_bytes.frm to @DIR@/backups/.partial/21b9a6d9-3e19-4207-82e6-d2d017e0fc4b-1/sys/memory_by_thread_by_current_bytes.frm\n[01] 2026-11-27 09:06:43         ...done\n[01] 2026-11-27 09:06:43 Copying ./sys/db.opt to @DIR@/backups/.partial/21b9a6d9-3e19-4207-82e6-d2d017e0fc4b-1/sys/db.opt\n[01] 2026-11-27 09:06:43         ...done\n[01] 2026-11-27 09:06:43 Copying ./sys/x@0024io_global_by_file_by_bytes.frm to @DIR@/backups/.partial/21b9a6d9-3e19-4207-82e6-d2d017e0fc4b-1/sys/x@0024io_global_by_file_by_bytes.frm\n[01] 2026-11-27 09:06:43         ...done\n[01] 2026-11-27 09:06:43 Copying ./sys/x@0024memory_global_by_current_bytes.frm to @DIR@/backups/.partial/21b9a6d9-3e19-4207-82e6-d2d017e0fc4b-1/sys/x@0024memory_global_by_current_bytes.frm\n[01] 2026-11-27 09:06:43         ...done\n[01] 2026-11-27 09:06:43 Copying ./sys/x@0024waits_by_host_by_latency.frm to @DIR@/backups/.partial/21b9a6d9-3e19-4207-82e6-d2d017e0fc4b-1/sys/x@0024waits_by_host_by_latency.frm\n[01] 2026-11-27 09:06:43         ...done\n[01] 2026-11-27 09:06:43 Copying ./sys/waits_by_host_by_latency.frm to @DIR@/backups/.partial/21b9a6d9-3e19-4207-82e6-d2d017e0fc4b-1/sys/waits_by_host_by_latency.frm\n[01] 2026-11-27 09:06:43         ...done\n[01] 2026-11-27 09:06:43 Copying ./sys/host_summary_by_statement_latency.frm to @DIR@/backups/.partial/21b9a6d9-3e19-4207-82e6-d2d017e0fc4b-1/sys/host_summary_by_statement_latency.frm\n[01] 2026-11-27 09:06:43         ...done\n[01] 2026-11-27 09:06:43 Copying ./sys/statements_with_full_table_scans.frm to @DIR@/backups/.partial/21b9a6d9-3e19-4207-82e6-d2d017e0fc4b-1/sys/statements_with_full_table_scans.frm\n[01] 2026-11-27 09:06:43         ...done\n[01] 2026-11-27 09:06:43 Copying ./sys/schema_tables_with_full_table_scans.frm to @DIR@/backups/.partial/21b9a6d9-3e19-4207-82e6-d2d017e0fc4b-1/sys/schema_tables_with_full_table_scans.frm\n[01] 2026-11-27 09:06:43         ...done\n[01] 2026-11-27 09:06:43 Copying ./sys/io_global_by_wait_by_latency.frm to @DIR@/backups/.partial/21b9a6d9-3e19-4207-82e6-d2d017e0fc4b-1/sys/io_global_by_wait_by_latency.frm\n[01] 2026-11-27 09:06:43         ...done\n[01] 2026-11-27 09:06:43 Copying ./sys/user_summary_by_statement_latency.frm to @DIR@/backups/.partial/21b9a6d9-3e19-4207-82e6-d2d017e0fc4b-1/sys/user_summary_by_statement_latency.frm\n[01] 2026-11-27 09:06:43         ...done\n[01] 2026-11-27 09:06:43 Copying ./sys/x@0024schema_table_statistics_with_buffer.frm to @DIR@/backups/.partial/21b9a6d9-3e19-4207-82e6-d2d017e0fc4b-1/sys/x@0024schema_table_statistics_with_buffer.frm\n[01] 2026-11-27 09:06:43         ...done\n[01] 2026-11-27 09:06:43 Copying ./sys/session_ssl_status.frm to @DIR@/backups/.partial/21b9a6d9-3e19-4207-82e6-d2d017e0fc4b-1/sys/session_ssl_status.frm\n[01] 2026-11-27 09:06:43         ...done\n[01] 2026-11-27 09:06:43 Copying ./sys/x@0024waits_by_user_by_latency.frm to @DIR@/backups/.partial/21b9a6d9-3e19-4207-82e6-d2d017e0fc4b-1/sys/x@0024waits_by_user_by_latency.frm\n[01] 2026-11-27 09:06:43         ...done\n[01] 2026-11-27 09:06:43 Copying ./sys/memory_global_total.frm to @DIR@/backups/.partial/21b9a6d9-3e19-4207-82e6-d2d017e0fc4b-1/sys/memory_global_total.frm\n[01] 2026-11-27 09:06:43         ...done\n[01] 2026-11-27 09:06:43 Copying ./sys/waits_global_by_latency.frm to @DIR@/backups/.partial/21b9a6d9-3e19-4207-82e6-d2d017e0fc4b-1/sys/waits_global_by_latency.frm\n[01] 2026-11-27 09:06:43         ...done\n[01] 2026-11-27 09:06:43 Copying ./sys/waits_by_user_by_latency.frm to @DIR@/backups/.partial/21b9a6d9-3e19-4207-82e6-d2d017e0fc4b-1/sys/waits_by_user_by_latency.frm\n[01] 2026-11-27 09:06:43         ...done\n[01] 2026-11-27 09:06:43 Copying ./sys/user_summary_by_file_io.frm to @DIR@/backups/.partial/21b9a6d9-3e19-4207-82e6-d2d017e0fc4b-1/sys/user_summary_by_file_io.frm\n[01] 2026-11-27 09:06:43         ...done\n[01] 2026-11-27 09:06:43 Copying ./sys/x@0024schema_table_lock_waits.frm to @DIR@/backups/.partial/21b9a6d9-3e19-4207-82e6-d2d017e0fc4b-1/sys/x@0024schema_table_lock_waits.frm\n[01] 2026-11-27 09:06:43         ...done\n[01] 2026-11-27 09:06:43 Copying ./sys/statements_with_runtimes_in_95th_percentile.frm to @DIR@/backups/.partial/21b9a6d9-3e19-4207-82e6-d2d017e0fc4b-1/sys/statements_with_runtimes_in_95th_percentile.frm\n[01] 2026-11-27 09:06:43         ...done\n[01] 2026-11-27 09:06:43 Copying ./sys/io_global_by_wait_by_bytes.frm to @DIR@/backups/.partial/21b9a6d9-3e19-4207-82e6-d2d017e0fc4b-1/sys/io_global_by_wait_by_bytes.frm\n[01] 2026-11-27 09:06:43         ...done\n[01] 2026-11-27 09:06:43 Copying ./sys/x@0024user_summary_by_file_io.frm to @DIR@/backups/.partial/21b9a6d9-3e19-4207-82e6-d2d017e0fc4b-1/sys/x@0024user_summary_by_file_io.frm\n[01] 2026-11-27 09:06:43         ...done\n[01] 2026-11-27 09:06:43 Copying ./sys/x@0024io_by_thread_by_latency.frm to @DIR@/backups/.partial/21b9a6d9-3e19-4207-82e6-d2d017e0fc4b-1/sys/x@0024io_by_thread_by_latency.frm\n[01] 2026-11-27 09:06:43         ...done\n[01] 2026-11-27 09:06:43 Copying ./sys/sys_config.frm to @DIR@/backups/.partial/21b9a6d9-3e19-4207-82e6-d2d017e0fc4b-1/sys/sys_config.frm\n[01] 2026-11-27 09:06:43         ...done\n[01] 2026-11-27 09:06:43 Copying ./sys/x@0024statements_with_errors_or_warnings.frm to @DIR@/backups/.partial/21b9a6d9-3e19-4207-82e6-d2d017e0fc4b-1/sys/x@0024statements_with_errors_or_warnings.frm\n[01] 2026-11-27 09:06:43         ...done\n[01] 2026-11-27 09:06:43 Copying ./sys/user_summary_by_file_io_type.frm to @DIR@/backups/.partial/21b9a6d9-3e19-4207-82e6-d2d017e0fc4b-1/sys/user_summary_by_file_io_type.frm\n[01] 2026-11-27 09:06:43         ...done\n[01] 2026-11-27 09:06:43 Copying ./sys/x@0024statements_with_sorting.frm to @DIR@/backups/.partial/21b9a6d9-3e19-4207-82e6-d2d017e0fc4b-1/sys/x@0024statements_with_sorting.frm\n[01] 2026-11-27 09:06:43         ...done\n[01] 2026-11-27 09:06:43 Copying ./sys/x@0024memory_by_user_by_current_bytes.frm to @DIR@/backups/.partial/21b9a6d9-3e19-4207-82e6-d2d017e0fc4b-1/sys/x@0024memory_by_user_by_current_bytes.frm\n[01] 2026-11-27 09:06:43         ...done\n[01] 2026-11-27 09:06:43 Copying ./sys/x@0024statements_with_runtimes_in_95th_percentile.frm to @DIR@/backups/.partial/21b9a6d9-3e19-4207-82e6-d2d017e0fc4b-1/sys/x@0024statements_with_runtimes_in_95th_percentile.frm\n[01] 2026-11-27 09:06:43         ...done\n[01] 2026-11-27 09:06:43 Copying ./sys/x@0024user_summary_by_statement_type.frm to @DIR@/backups/.partial/21b9a6d9-3e19-4207-82e6-d2d017e0fc4b-1/sys/x@0024user_summary_by_statement_type.frm\n[01] 2026-11-27 09:06:43         ...done\n[01] 2026-11-27 09:06:43 Copying ./sys/x@0024user_summary.frm to @DIR@/backups/.partial/21b9a6d9-3e19-4207-82e6-d2d017e0fc4b-1/sys/x@0024user_summary.frm\n[01] 2026-11-27 09:06:43         ...done\n[01] 2026-11-27 09:06:43 Copying ./sys/x@0024ps_schema_table_statistics_io.frm to @DIR@/backups/.partial/21b9a6d9-3e19-4207-82e6-d2d017e0fc4b-1/sys/x@0024ps_schema_table_statistics_io.frm\n[01] 2026-11-27 09:06:43         ...done\n[01] 2026-11-27 09:06:43 Copying ./sys/host_summary.frm to @DIR@/backups/.partial/21b9a6d9-3e19-4207-82e6-d2d017e0fc4b-1/sys/host_summary.frm\n[01] 2026-11-27 09:06:43         ...done\n[01] 2026-11-27 09:06:43 Copying ./sys/user_summary_by_statement_type.frm to @DIR@/backups/.partial/21b9a6d9-3e19-4207-82e6-d2d017e0fc4b-1/sys/user_summary_by_statement_type.frm\n[01] 2026-11-27 09:06:43         ...done\n[01] 2026-11-27 09:06:43 Copying ./sys/schema_table_lock_waits.frm to @DIR@/backups/.partial/21b9a6d9-3e19-4207-82e6-d2d017e0fc4b-1/sys/schema_table_lock_waits.frm\n[01] 2026-11-27 09:06:43         ...done\n[01] 2026-11-27 09:06:43 Copying ./sys/x@0024io_global_by_file_by_latency.frm to @DIR@/backups/.partial/21b9a6d9-3e19-4207-82e6-d2d017e0fc4b-1/sys/x@0024io_global_by_file_by_latency.frm\n[01] 2026-11-27 09:06:43         ...done\n[01] 2026-11-27 09:06:43 Copying ./performance_schema/db.opt to @DIR@/backups/.partial/21b9a6d9-3e19-4207-82e6-d2d017e0fc4b-1/performance_schema/db.opt\n[01] 2026-11-27 09:06:43         ...done\n[00] 2026-11-27 09:06:43 Finished backing up non-InnoDB tables and files\n[00] 2026-11-27 09:06:43 Start copying aria log file tail: /srv/mariadb/data//aria_log.00000001\n[00] 2026-11-27 09:06:43 Stop copying aria log file tail: /srv/mariadb/data//aria_log.00000001, copied 0 bytes\n[00] 2026-11-27 09:06:43 Finished BACKUP STAGE BLOCK_DDL\n[00] 2026-11-27 09:06:43 Starting BACKUP STAGE BLOCK_COMMIT\n[00] 2026-11-27 09:06:43 Acquired locks for BACKUP STAGE BLOCK_COMMIT\n[00] 2026-11-27 09:06:43 Copied file ./mysql/slow_log.CSM for log table `mysql`.`slow_log`, 35 bytes\n[00] 2026-11-27 09:06:43 Copied file ./mysql/slow_log.CSV for log table `mysql`.`slow_log`, 0 bytes\n[00] 2026-11-27 09:06:43 Copied file ./mysql/general_log.CSM for log table `mysql`.`general_log`, 35 bytes\n[00] 2026-11-27 09:06:43 Copied file ./mysql/general_log.CSV for log table `mysql`.`general_log`, 0 bytes\n[00] 2026-11-27 09:06:43 Getting InnoDB LSN\n[00] 2026-11-27 09:06:43 InnoDB LSN: 44894, Flushing Logs\n[00] 2026-11-27 09:06:43 Flushed Logs\n[00] 2026-11-27 09:06:43 mariabackup: The latest check point (for incremental): ''44878''\nmariabackup: Stopping log copying thread.\n[00] 2026-11-27 09:06:44 Start copying statistics aria tables.\n[00] 2026-11-27 09:06:44 aria table file ./mysql/table_stats.MAI is copied successfully.\n[00] 2026-11-27 09:06:44 aria table file ./mysql/table_stats.MAD is copied successfully.\n[00] 2026-11-27 09:06:44 aria table file ./mysql/column_stats.MAI is copied successfully.\n[00] 2026-11-27 09:06:44 aria table file ./mysql/column_stats.MAD is copied successfully.\n[00] 2026-11-27 09:06:44 aria table file ./mysql/index_stats.MAI is copied successfully.\n[00] 2026-11-27 09:06:44 aria table file ./mysql/index_stats.MAD is copied successfully.\n[00] 2026-11-27 09:06:44 Stop copying statistics aria tables.\n[00] 2026-11-27 09:06:44 Start copying aria log file tail: /srv/mariadb/data//aria_log.00000001\n[00] 2026-11-27 09:06:44 Stop copying aria log file tail: /srv/mariadb/data//aria_log.00000001, copied 8192 bytes\n[00] 2026-11-27 09:06:44 Executing FLUSH NO_WRITE_TO_BINLOG ENGINE LOGS...\n[00] 2026-11-27 09:06:44 Finishing BACKUP STAGE BLOCK_COMMIT\n[00] 2026-11-27 09:06:44 Starting BACKUP STAGE END\n[00] 2026-11-27 09:06:44 Executing BACKUP STAGE END\n[00] 2026-11-27 09:06:44 All tables unlocked\n[00] 2026-11-27 09:06:44 Backup created in directory ''@DIR@/backups/.partial/21b9a6d9-3e19-4207-82e6-d2d017e0fc4b-1/''\n[00] 2026-11-27 09:06:44 Writing backup-my.cnf\n[00] 2026-11-27 09:06:44         ...done\n[00] 2026-11-27 09:06:44 Writing xtrabackup_info\n[00] 2026-11-27 09:06:44         ...done\n[00] 2026-11-27 09:06:44 Redo log (from LSN 44878 to 44894) was copied.\n2026-11-27  9:06:44 0 [Note] InnoDB: Starting shutdown...\n[00] 2026-11-27 09:06:44 completed OK!\n','\n',char(10)),NULL,0,'2026-11-27 09:06:43.229513+00:00','2026-11-27 09:06:44.862548+00:00','backup','{"id":"base"}');
INSERT INTO process VALUES(3,'f197e425-7729-4413-a10b-6730a94563d8','dbcalm-db-cmd restore_folder base',NULL,'success',NULL,NULL,0,'2026-11-27 09:06:44.882502+00:00','2026-11-27 09:06:45.576088+00:00','restore','{"id_list":["base"],"target":"folder","tmp_dir":"@DIR@/backups/restores/2026-11-27-09-06-44"}');
INSERT INTO process VALUES(4,'f197e425-7729-4413-a10b-6730a94563d8','/usr/bin/mariadb-backup --defaults-file=@DIR@/backups/.partial/f197e425-7729-4413-a10b-6730a94563d8-stage/0/backup-my.cnf --prepare --use-memory=134217728 --target-dir=@DIR@/backups/.partial/f197e425-7729-4413-a10b-6730a94563d8-stage/0',16715,'running',replace('/usr/bin/mariadb-backup based on MariaDB server 10.11.19-MariaDB debian-linux-gnu (x86_64)\n[00] 2026-11-27 09:06:45 cd to @DIR@/backups/.partial/f197e425-7729-4413-a10b-6730a94563d8-stage/0/\n[00] 2026-11-27 09:06:45 open files limit requested 0, set to 20000\n[00] 2026-11-27 09:06:45 This target seems to be not prepared yet.\n[00] 2026-11-27 09:06:45 mariabackup: using the following InnoDB configuration for recovery:\n[00] 2026-11-27 09:06:45 innodb_data_home_dir = .\n[00] 2026-11-27 09:06:45 innodb_data_file_path = ibdata1:12M:autoextend\n[00] 2026-11-27 09:06:45 innodb_log_group_home_dir = .\n[00] 2026-11-27 09:06:45 Starting InnoDB instance for recovery.\n[00] 2026-11-27 09:06:45 mariabackup: Using 134217728 bytes for buffer pool (set by --use-memory parameter)\n2026-11-27  9:06:45 0 [Note] InnoDB: Compressed tables use zlib 1.2.13\n2026-11-27  9:06:46 0 [Note] InnoDB: Number of transaction pools: 1\n2026-11-27  9:06:46 0 [Note] InnoDB: Using AVX512 instructions\n2026-11-27  9:06:46 0 [Note] InnoDB: Using io_uring\n2026-11-27  9:06:46 0 [Note] InnoDB: innodb_buffer_pool_size_max=134m, innodb_buffer_pool_size=128m\n2026-11-27  9:06:46 0 [Note] InnoDB: Completed initialization of buffer pool\n2026-11-27  9:06:46 0 [Note] InnoDB: Buffered log writes (block size=4096 bytes)\n2026-11-27  9:06:46 0 [Note] InnoDB: End of log at LSN=44894\n[00] 2026-11-27 09:06:46 Last binlog file , position 0\n2026-11-27  9:06:46 0 [Note] InnoDB: Starting shutdown...\nrecovered pages: 0% 30% 45% 100% (0.0 seconds); tables to flush: 1 0\n (0.0 seconds); \n[00] 2026-11-27 09:06:46 completed OK!\n','\n',char(10)),NULL,0,'2026-11-27 09:06:45.576088+00:00',NULL,'restore','{"id_list":["base"],"target":"folder","tmp_dir":"@DIR@/backups/restores/2026-11-27-09-06-44"}');
CREATE TABLE backup (
	id TEXT PRIMARY KEY,
	from_backup_id TEXT NULL REFERENCES backup(id) ON DELETE CASCADE,
	schedule_id INTEGER NULL REFERENCES schedule(id) ON DELETE SET NULL,
	start_time DATETIME,
	end_time DATETIME NULL,
	process_id INTEGER REFERENCES process(id) ON DELETE CASCADE,
	size INTEGER NULL
);
INSERT INTO backup VALUES('base',NULL,NULL,'2026-11-27 09:06:43.221385+00:00','2026-11-27 09:06:44.839952+00:00',2,17520368);
CREATE TABLE restore (
	id INTEGER PRIMARY KEY AUTOINCREMENT,
	backup_id TEXT REFERENCES backup(id) ON DELETE CASCADE,
	backup_timestamp DATETIME NOT NULL,
	target TEXT,
	target_path TEXT,
	start_time DATETIME,
	end_time DATETIME NULL,
	process_id INTEGER REFERENCES process(id) ON DELETE CASCADE
);
CREATE TABLE operation_schema (version INTEGER NOT NULL);
INSERT INTO operation_schema VALUES(1);
INSERT INTO operation_schema VALUES(2);
INSERT INTO operation_schema VALUES(3);
INSERT INTO operation_schema VALUES(4);
INSERT INTO operation_schema VALUES(5);
CREATE TABLE operation (
	number INTEGER PRIMARY KEY AUTOINCREMENT,
	id TEXT NOT NULL UNIQUE,
	machine TEXT NOT NULL,
	definition TEXT NOT NULL,
	backup_id TEXT NOT NULL,
	args TEXT NOT NULL,
	state TEXT NOT NULL,
	status TEXT NOT NULL,
	seq INTEGER NOT NULL,
	attempt INTEGER NOT NULL,
	data TEXT NOT NULL,
	failed_in TEXT NOT NULL,
	error TEXT NOT NULL,
	cancel_at DATETIME NULL,
	created_at DATETIME NOT NULL,
	started_at DATETIME NULL,
	finished_at DATETIME NULL
);
INSERT INTO operation VALUES(1,'21b9a6d9-3e19-4207-82e6-d2d017e0fc4b','full_backup',replace('name: full_backup\nsummary: Takes a full backup of the running server.\nprocess: backup\nslot: true\ninitial: queued\nstates:\n  queued:\n    summary: accepted; waits until fewer than max_concurrent operations run\n    on: {start: validate}\n    cancel: cancelled\n  validate:\n    summary: checks arguments, credentials, server, tool, grants and free space\n    step: validate_backup\n    on: {ok: prepare, failed: discard}\n    interrupted: [redo]\n    cancel: discard\n  prepare:\n    summary: makes a fresh private folder in the backup store\n    step: prepare_work\n    on: {ok: copy, stream: stream, failed: discard}\n    interrupted: [redo]\n    cancel: discard\n  copy:\n    summary: the tool copies the database into the private folder\n    step: copy_backup\n    on: {ok: seal, compress: compress, failed: discard}\n    interrupted: [adopt, rewind: prepare]\n    cancel: discard\n  compress:\n    summary: compresses the copied files one by one\n    step: compress_backup\n    on: {ok: seal, failed: discard}\n    interrupted: [redo]\n    cancel: discard\n  stream:\n    summary: the tool streams the database, compressed on the way, into the private folder or to forward\n    step: stream_backup\n    on: {ok: seal, failed: discard}\n    interrupted: [adopt, rewind: prepare]\n    cancel: discard\n  seal:\n    summary: proves the copy, hashes it, writes the manifest, all onto the disk\n    step: seal_backup\n    on: {ok: publish, failed: discard}\n    interrupted: [redo]\n    cancel: discard\n  publish:\n    summary: gives the folder its name in the backup store by one rename\n    step: publish_backup\n    on: {ok: record, failed: discard}\n    interrupted: [probe, redo]\n  record:\n    summary: records the backup in the table clients read\n    step: record_backup\n    on: {ok: done, failed: discard}\n    interrupted: [redo]\n    limit: 100\n  discard:\n    summary: removes what this operation has made, and nothing else\n    step: discard_backup\n    cleanup: true\n    on: {failed: failed, cancelled: cancelled, halt: halted}\n    interrupted: [redo]\n    exhausted: halted\n  done:\n    summary: the backup is recorded and can be restored\n    end: succeeded\n  failed:\n    summary: nothing of the backup is left; the error says why\n    end: failed\n    on: {retry: queued}\n  cancelled:\n    summary: nothing of the backup is left, as was asked for\n    end: cancelled\n  halted:\n    summary: partial work could not be removed; the error says what to mend before a retry\n    end: failed\n    on: {retry: discard}\n','\n',char(10)),'base','{"id":"base"}','done','succeeded',8,1,'{"work":"@DIR@/backups/.partial/21b9a6d9-3e19-4207-82e6-d2d017e0fc4b-1","copy_started":"2026-11-27T09:06:43.221385164Z","server":{"flavour":"mariadb","version":"10.11.19-MariaDB-0+deb12u1","uid":"fXdYp7ZWAMMBm0PUMZFJoAcM0o0=","data_dir":"/srv/mariadb/data/","data_birth":"2026-11-27T09:06:39.644912299Z","binlog":false,"lsn":44894},"tool":{"path":"/usr/bin/mariadb-backup","name":"mariabackup","version":"10.11.19-MariaDB"},"data_size":17817600,"form":{}}','','',NULL,'2026-11-27 09:06:42.992142+00:00','2026-11-27 09:06:42.996876+00:00','2026-11-27 09:06:44.862548+00:00');
INSERT INTO operation VALUES(2,'f197e425-7729-4413-a10b-6730a94563d8','restore_folder',replace('name: restore_folder\nsummary: Restores a chain into a folder on which a server can be started.\nprocess: restore\nslot: true\ninitial: queued\nstates:\n  queued:\n    summary: accepted; waits until fewer than max_concurrent operations run\n    on: {start: validate}\n    cancel: cancelled\n  validate:\n    summary: checks the chain, the tool and free space\n    step: validate_restore\n    on: {ok: stage, failed: discard}\n    interrupted: [redo]\n    cancel: discard\n  stage:\n    summary: copies the chain into a private folder of the backup store, checking every hash\n    step: stage_chain\n    on: {ok: prepare, unpack: unpack, failed: discard}\n    interrupted: [redo]\n    cancel: discard\n  unpack:\n    summary: unpacks the next link that is a stream into the stage, checking its hash\n    step: unpack_link\n    on: {more: unpack, ok: prepare, failed: discard}\n    interrupted: [adopt, redo]\n    cancel: discard\n  prepare:\n    summary: the tool prepares the full backup\n    step: prepare_full\n    on: {more: apply, ok: arrange, failed: discard}\n    interrupted: [adopt, rewind: stage]\n    cancel: discard\n  apply:\n    summary: the tool applies the next incremental\n    step: apply_link\n    on: {more: apply, ok: arrange, failed: discard}\n    interrupted: [adopt, rewind: stage]\n    cancel: discard\n  arrange:\n    summary: checks that every table is there and puts all onto the disk\n    step: arrange_restore\n    on: {ok: copy, failed: discard}\n    interrupted: [redo]\n    cancel: discard\n  copy:\n    summary: gives the prepared folder its name by one rename; no cancel from here on\n    step: place_restore\n    on: {ok: record, failed: discard}\n    interrupted: [redo]\n  record:\n    summary: records the restore in the table clients read\n    step: record_restore\n    on: {ok: done, failed: discard}\n    interrupted: [redo]\n    limit: 100\n  discard:\n    summary: removes what this operation has made, and nothing else\n    step: discard_restore\n    cleanup: true\n    on: {failed: failed, cancelled: cancelled, halt: halted}\n    interrupted: [redo]\n    exhausted: halted\n  done:\n    summary: the folder holds the restored data; a server can be started on it\n    end: succeeded\n  failed:\n    summary: nothing of the restore is left; the error says why\n    end: failed\n    on: {retry: queued}\n  cancelled:\n    summary: nothing of the restore is left, as was asked for\n    end: cancelled\n  halted:\n    summary: partial work could not be removed; the error says what to mend before a retry\n    end: failed\n    on: {retry: discard}\n','\n',char(10)),'base','{"id_list":["base"],"target":"folder","tmp_dir":"@DIR@/backups/restores/2026-11-27-09-06-44"}','copy','running',6,1,'{"tool":{"path":"/usr/bin/mariadb-backup","name":"mariabackup","version":"10.11.19-MariaDB"},"applied":1,"placement":{"target":"@DIR@/backups/restores/2026-11-27-09-06-44/base","stage":"@DIR@/backups/.partial/f197e425-7729-4413-a10b-6730a94563d8-stage","mode":"folder","folder":{"inode":9997234,"birth":1795770404980912299}}}','','',NULL,'2026-11-27 09:06:44.882476+00:00','2026-11-27 09:06:44.885579+00:00',NULL);
CREATE TABLE operation_transition (
	operation_id TEXT NOT NULL REFERENCES operation(id),
	seq INTEGER NOT NULL,
	from_state TEXT NOT NULL,
	event TEXT NOT NULL,
	to_state TEXT NOT NULL,
	attempt INTEGER NOT NULL,
	at DATETIME NOT NULL,
	reason TEXT NOT NULL,
	PRIMARY KEY (operation_id, seq)
);
INSERT INTO operation_transition VALUES('21b9a6d9-3e19-4207-82e6-d2d017e0fc4b',1,'','accept','queued',1,'2026-11-27 09:06:42.992142+00:00','command accepted');
INSERT INTO operation_transition VALUES('21b9a6d9-3e19-4207-82e6-d2d017e0fc4b',2,'queued','start','validate',1,'2026-11-27 09:06:42.996876+00:00','its turn has come');
INSERT INTO operation_transition VALUES('21b9a6d9-3e19-4207-82e6-d2d017e0fc4b',3,'validate','ok','prepare',1,'2026-11-27 09:06:43.209749+00:00','mariadb 10.11.19-MariaDB-0+deb12u1, mariabackup 10.11.19-MariaDB, 17.0 MiB of data');
INSERT INTO operation_transition VALUES('21b9a6d9-3e19-4207-82e6-d2d017e0fc4b',4,'prepare','ok','copy',1,'2026-11-27 09:06:43.221606+00:00','fresh folder @DIR@/backups/.partial/21b9a6d9-3e19-4207-82e6-d2d017e0fc4b-1');
INSERT INTO operation_transition VALUES('21b9a6d9-3e19-4207-82e6-d2d017e0fc4b',5,'copy','ok','seal',1,'2026-11-27 09:06:44.100756+00:00','copied up to LSN 44878 in 740ms');
INSERT INTO operation_transition VALUES('21b9a6d9-3e19-4207-82e6-d2d017e0fc4b',6,'seal','ok','publish',1,'2026-11-27 09:06:44.843273+00:00','200 files, 16.7 MiB, hashed and on disk');
INSERT INTO operation_transition VALUES('21b9a6d9-3e19-4207-82e6-d2d017e0fc4b',7,'publish','ok','record',1,'2026-11-27 09:06:44.854444+00:00','published as @DIR@/backups/base');
INSERT INTO operation_transition VALUES('21b9a6d9-3e19-4207-82e6-d2d017e0fc4b',8,'record','ok','done',1,'2026-11-27 09:06:44.862548+00:00','recorded: 16.7 MiB, LSN 0 to 44878');
INSERT INTO operation_transition VALUES('f197e425-7729-4413-a10b-6730a94563d8',1,'','accept','queued',1,'2026-11-27 09:06:44.882476+00:00','command accepted');
INSERT INTO operation_transition VALUES('f197e425-7729-4413-a10b-6730a94563d8',2,'queued','start','validate',1,'2026-11-27 09:06:44.885579+00:00','its turn has come');
INSERT INTO operation_transition VALUES('f197e425-7729-4413-a10b-6730a94563d8',3,'validate','ok','stage',1,'2026-11-27 09:06:44.974802+00:00','chain of 1, 16.7 MiB; will go into @DIR@/backups/restores/2026-11-27-09-06-44/base by a rename');
INSERT INTO operation_transition VALUES('f197e425-7729-4413-a10b-6730a94563d8',4,'stage','ok','prepare',1,'2026-11-27 09:06:45.571838+00:00','200 files staged in @DIR@/backups/.partial/f197e425-7729-4413-a10b-6730a94563d8-stage, checksums right');
INSERT INTO operation_transition VALUES('f197e425-7729-4413-a10b-6730a94563d8',5,'prepare','ok','arrange',1,'2026-11-27 09:06:46.410007+00:00','''base'' prepared up to LSN 44878 in 718ms');
INSERT INTO operation_transition VALUES('f197e425-7729-4413-a10b-6730a94563d8',6,'arrange','ok','copy',1,'2026-11-27 09:06:46.422437+00:00','every table is there, all is on disk');
CREATE TABLE operation_claim (
	operation_id TEXT NOT NULL REFERENCES operation(id),
	backup_id TEXT NOT NULL,
	use TEXT NOT NULL,
	PRIMARY KEY (operation_id, backup_id)
);
INSERT INTO operation_claim VALUES('21b9a6d9-3e19-4207-82e6-d2d017e0fc4b','base','makes');
INSERT INTO operation_claim VALUES('f197e425-7729-4413-a10b-6730a94563d8','base','reads');
CREATE TABLE operation_job (
	id INTEGER PRIMARY KEY AUTOINCREMENT,
	operation_id TEXT NOT NULL REFERENCES operation(id),
	state TEXT NOT NULL,
	attempt INTEGER NOT NULL,
	folder TEXT NOT NULL,
	process_id INTEGER NOT NULL,
	pid INTEGER NOT NULL,
	start_ticks INTEGER NOT NULL,
	boot_id TEXT NOT NULL,
	created_at DATETIME NOT NULL,
	ended_at DATETIME NULL
);
INSERT INTO operation_job VALUES(1,'21b9a6d9-3e19-4207-82e6-d2d017e0fc4b','copy',1,'@DIR@/state/jobs/21b9a6d9-3e19-4207-82e6-d2d017e0fc4b-4',2,16538,101240,'6026f3d4-b1e4-46a1-98af-2bb1cb7f2378','2026-11-27 09:06:43.229513+00:00','2026-11-27 09:06:44.100756+00:00');
INSERT INTO operation_job VALUES(2,'f197e425-7729-4413-a10b-6730a94563d8','prepare',1,'@DIR@/state/jobs/f197e425-7729-4413-a10b-6730a94563d8-4',4,16701,101473,'6026f3d4-b1e4-46a1-98af-2bb1cb7f2378','2026-11-27 09:06:45.576088+00:00','2026-11-27 09:06:46.410007+00:00');
CREATE TABLE operation_request (
	id TEXT NOT NULL PRIMARY KEY,
	command TEXT NOT NULL,
	args TEXT NOT NULL,
	operation_id TEXT NOT NULL REFERENCES operation(id),
	at DATETIME NOT NULL
);
CREATE TABLE operation_verification (
	backup_id TEXT PRIMARY KEY,
	made_by TEXT NOT NULL,
	level TEXT NOT NULL,
	passed_at DATETIME NULL,
	damage TEXT NOT NULL,
	failed_level TEXT NOT NULL,
	failed_at DATETIME NULL,
	failed_in TEXT NOT NULL
);
CREATE TABLE operation_end (
	number INTEGER PRIMARY KEY AUTOINCREMENT,
	operation_id TEXT NOT NULL REFERENCES operation(id),
	seq INTEGER NOT NULL,
	machine TEXT NOT NULL,
	backup_id TEXT NOT NULL,
	state TEXT NOT NULL,
	status TEXT NOT NULL,
	attempt INTEGER NOT NULL,
	failed_in TEXT NOT NULL,
	error TEXT NOT NULL,
	started_at DATETIME NULL,
	at DATETIME NOT NULL,
	on_finish TEXT NOT NULL,
	on_finish_error TEXT NOT NULL,
	UNIQUE (operation_id, seq)
);
INSERT INTO operation_end VALUES(1,'21b9a6d9-3e19-4207-82e6-d2d017e0fc4b',8,'full_backup','base','done','succeeded',1,'','','2026-11-27 09:06:42.996876+00:00','2026-11-27 09:06:44.862548+00:00','','');
DELETE FROM sqlite_sequence;
INSERT INTO sqlite_sequence VALUES('operation_end',1);
INSERT INTO sqlite_sequence VALUES('operation',2);
INSERT INTO sqlite_sequence VALUES('process',4);
INSERT INTO sqlite_sequence VALUES('operation_job',2);
CREATE INDEX idx_backup_schedule_id ON backup(schedule_id);
CREATE INDEX idx_backup_start_time ON backup(start_time);
CREATE INDEX idx_process_status ON process(status);
CREATE INDEX idx_process_type ON process(type);
CREATE INDEX idx_process_command_id ON process(command_id);
CREATE INDEX operation_status ON operation(status);
CREATE INDEX operation_claim_backup ON operation_claim(backup_id);
CREATE INDEX operation_job_operation ON operation_job(operation_id);
CREATE INDEX operation_end_owed ON operation_end(number) WHERE on_finish = 'owed';
CREATE INDEX operation_end_figures ON operation_end(machine, status, failed_in, started_at, at);
CREATE INDEX operation_end_failed ON operation_end(number) WHERE status = 'failed';
CREATE INDEX operation_end_on_finish_failed ON operation_end(number) WHERE on_finish = 'failed';
CREATE INDEX operation_transition_survived ON operation_transition(event, operation_id) WHERE event IN ('adopt', 'redo', 'rewind');
COMMIT;
