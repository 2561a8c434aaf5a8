/* Functions that wait (network, files, a clock) or may compute for long: other threads of Python go
 * on meanwhile. Go needs no such list. */
%thread leakdiag_file_read;
%thread leakdiag_file_write;
%thread leakdiag_flag_evaluate;
%thread leakdiag_flag_evaluate_all;
%thread leakdiag_load_read;
%thread leakdiag_memory_of_process;
%thread leakdiag_memory_of_cgroup;
%thread leakdiag_series_analyze;
%thread leakdiag_timeline_compare;
%thread leakdiag_session_gather;
%thread leakdiag_session_watch;
%thread leakdiag_cluster_open;
%thread leakdiag_pods_read;
%thread leakdiag_access_review;
