/* The way in: options, form. */
#include "base/cleanup.h"
#include "report/forms.h"

#define DEFAULT_COLUMNS 80

static leakdiag_status read_options(const leakdiag_report_options *options, ld_paper *paper,
                                    bool *verbose, leakdiag_error *err)
{
    leakdiag_report_options o = LEAKDIAG_REPORT_OPTIONS_INIT;
    leakdiag_status status = LEAKDIAG_OK;
    if (options)
        status = ld_options_copy(&o, sizeof o, sizeof o, options, err);
    if (status)
        return status;
    int64_t columns = o.columns ? o.columns : DEFAULT_COLUMNS;
    if (columns < LD_PAPER_COLUMNS_MIN)
        columns = LD_PAPER_COLUMNS_MIN;
    if (columns > LD_PAPER_COLUMNS_MAX)
        columns = LD_PAPER_COLUMNS_MAX;
    *paper = (ld_paper){.columns = (size_t)columns, .color = o.color != 0, .ascii = o.ascii != 0};
    *verbose = o.verbose != 0;
    return LEAKDIAG_OK;
}

leakdiag_status leakdiag_report_render(const leakdiag_diagnosis *diagnosis, leakdiag_format format,
                                       const leakdiag_report_options *options, char **ret,
                                       leakdiag_error *err)
{
    if (!diagnosis || !ret)
        return ld_fail(err, LEAKDIAG_E_INVALID, "a diagnosis and a place for the text are needed");
    LD_CLEANUP(ld_paper_done) ld_paper paper = {0};
    bool verbose = false;
    leakdiag_status status = read_options(options, &paper, &verbose, err);
    if (status)
        return status;
    switch (format) {
    case LEAKDIAG_FORMAT_TEXT:
        ld_report_text(diagnosis, verbose, &paper);
        break;
    case LEAKDIAG_FORMAT_QUICK:
        ld_report_quick(diagnosis, verbose, &paper);
        break;
    case LEAKDIAG_FORMAT_JSON:
        return ld_report_json(diagnosis, ret, err);
    case LEAKDIAG_FORMAT_JUNIT:
        return ld_report_junit(diagnosis, ret, err);
    default:
        return ld_fail(err, LEAKDIAG_E_INVALID,
                       "%d is no report format (0 text, 1 json, 2 junit, "
                       "3 quick)",
                       (int)format);
    }
    return ld_text_take(&paper.text, ret, err);
}
