/* Go: structs that C returns by value are written to the caller's memory. */
%inline %{
void ld_scan_recent(const leakdiag_scan *scan, size_t i, size_t *ret_pattern,
                    leakdiag_log_line *ret)
{
    *ret = leakdiag_scan_recent(scan, i, ret_pattern);
}

void ld_timeline_point_at(const leakdiag_timeline *timeline, size_t i, leakdiag_timeline_point *ret)
{
    *ret = leakdiag_timeline_point_at(timeline, i);
}
%}
