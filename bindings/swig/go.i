/* How C becomes Go: a handle is a uintptr, an error is a *ErrorDetail that C fills, an output is a
 * pointer to write to, a text that comes back is copied. The types named here stand in
 * bindings/go/internal/capi/types.go. A handle that is 0 (closed, or never made) panics in Go before
 * C sees it. */

%{
/* The mirrors in types.go; structs that never grow (base.h). */
_Static_assert(sizeof(leakdiag_error) == 512, "leakdiag_error differs from ErrorDetail");
_Static_assert(sizeof(leakdiag_pattern) == 24, "leakdiag_pattern differs from Pattern");
_Static_assert(sizeof(leakdiag_timeline_point) == 24, "leakdiag_timeline_point differs from Point");
_Static_assert(sizeof(leakdiag_log_line) == 40, "leakdiag_log_line differs from Line");
%}

/* --- handles ------------------------------------------------------------------------------------- */
%define HANDLE(NOUN, GIVE_BACK)
%nodefaultctor leakdiag_##NOUN;
%nodefaultdtor leakdiag_##NOUN;
%typemap(gotype) leakdiag_##NOUN *, const leakdiag_##NOUN * "uintptr"
%typemap(imtype) leakdiag_##NOUN *, const leakdiag_##NOUN * "uintptr"
%typemap(in) leakdiag_##NOUN *, const leakdiag_##NOUN * "$1 = ($1_ltype)$input;"
%typemap(out) leakdiag_##NOUN *, const leakdiag_##NOUN * "$result = (void *)$1;"
%typemap(goin) leakdiag_##NOUN *, const leakdiag_##NOUN * "$result = open($input, \"" #NOUN "\")"
%typemap(goout) leakdiag_##NOUN *, const leakdiag_##NOUN * ""
%typemap(gotype) const leakdiag_##NOUN *NULLABLE "uintptr"
%typemap(imtype) const leakdiag_##NOUN *NULLABLE "uintptr"
%typemap(in) const leakdiag_##NOUN *NULLABLE "$1 = ($1_ltype)$input;"
%typemap(goin) const leakdiag_##NOUN *NULLABLE "$result = $input"
%typemap(gotype) leakdiag_##NOUN ** "*uintptr"
%typemap(imtype) leakdiag_##NOUN ** "*uintptr"
%typemap(in) leakdiag_##NOUN ** "$1 = ($1_ltype)$input;"
%typemap(goin) leakdiag_##NOUN ** ""
%enddef

/* --- options: made with the defaults, then set field by field -------------------------------------- */
%define OPTIONS(NAME, INIT)
%nodefaultctor leakdiag_##NAME;
%nodefaultdtor leakdiag_##NAME;
%ignore leakdiag_##NAME::size;
%extend leakdiag_##NAME {
    leakdiag_##NAME()
    {
        const leakdiag_##NAME init = INIT;
        leakdiag_##NAME *made = (leakdiag_##NAME *)malloc(sizeof *made);
        if (made)
            *made = init;
        return made;
    }
    ~leakdiag_##NAME()
    {
        free($self);
    }
}
%enddef
%nodefaultctor leakdiag_cancel;

/* Members of options borrow: what they are set to must stay until the call is over (Hold). */
%typemap(memberin) const char * "$1 = $input;"

/* --- enums and numbers ------------------------------------------------------------------------------ */
%typemap(gotype) enum SWIGTYPE "int"
%typemap(imtype) enum SWIGTYPE "int"
%typemap(in) enum SWIGTYPE "$1 = ($1_ltype)$input;"
%typemap(out) enum SWIGTYPE "$result = (intgo)$1;"
%typemap(goin) enum SWIGTYPE ""
%typemap(goout) enum SWIGTYPE ""

/* --- texts and bytes --------------------------------------------------------------------------------- */
/* Out: the C memory; Text() and Optional() copy it while the handle is alive. */
%typemap(gotype) const char * "*byte"
%typemap(imtype) const char * "*byte"
%typemap(out) const char * "$result = (void *)$1;"
%typemap(goout) const char * ""
/* In, unless its name is below: memory that Hold keeps, or nil. */
%typemap(in) const char * "$1 = ($1_ltype)$input;"
%typemap(goin) const char * ""
%typemap(freearg) const char * ""
/* In: a copy that ends in NUL; a NUL within panics, as C would see half of the text. */
%typemap(gotype) const char *TEXT "string"
%typemap(imtype) const char *TEXT "string"
%typemap(goin) const char *TEXT "$result = clean($input)"
%typemap(in) const char *TEXT %{
    $1 = (char *)malloc((size_t)$input.n + 1);
    memcpy($1, $input.p, (size_t)$input.n);
    $1[$input.n] = '\0';
%}
%typemap(freearg) const char *TEXT "free($1);"
/* The same, but "" is NULL. */
%typemap(gotype) const char *NULLABLE "string"
%typemap(imtype) const char *NULLABLE "string"
%typemap(goin) const char *NULLABLE "$result = clean($input)"
%typemap(in) const char *NULLABLE %{
    $1 = NULL;
    if ($input.n > 0) {
        $1 = (char *)malloc((size_t)$input.n + 1);
        memcpy($1, $input.p, (size_t)$input.n);
        $1[$input.n] = '\0';
    }
%}
%typemap(freearg) const char *NULLABLE "free($1);"
%apply const char *TEXT { const char *url, const char *key, const char *name, const char *path,
                          const char *text, const char *id };
%apply const char *NULLABLE { const char *root, const char *origin, const char *file };

%typemap(gotype) (const char *data, size_t len) "[]byte"
%typemap(imtype) (const char *data, size_t len) "[]byte"
%typemap(in) (const char *data, size_t len) %{
    $1 = $input.len ? ($1_ltype)$input.array : "";
    $2 = (size_t)$input.len;
%}
%typemap(goin) (const char *data, size_t len) ""
%typemap(freearg) (const char *data, size_t len) ""

%typemap(gotype) void *memory "*byte"
%typemap(imtype) void *memory "*byte"
%typemap(in) void *memory "$1 = ($1_ltype)$input;"
%typemap(goin) void *memory ""

%define POINTER(TYPE, GOTYPE)
%typemap(gotype) TYPE "*GOTYPE"
%typemap(imtype) TYPE "*GOTYPE"
%typemap(in) TYPE "$1 = ($1_ltype)$input;"
%typemap(goin) TYPE ""
%enddef
POINTER(char **ret, *byte)
POINTER(const char *const *exec_allowed, *byte)
POINTER(size_t *ret_len, int64)
POINTER(size_t *ret_pattern, int64)
POINTER(leakdiag_error *err, ErrorDetail)
POINTER(leakdiag_log_line *ret, Line)

%define SLICE(TYPE, ITEM)
%typemap(gotype) TYPE "[]ITEM"
%typemap(imtype) TYPE "[]ITEM"
%typemap(in) TYPE %{
    $1 = ($1_ltype)$input.array;
    $2 = (size_t)$input.len;
%}
%typemap(goin) TYPE ""
%enddef
SLICE((const char *const *set, size_t n_set), *byte)
SLICE((const leakdiag_pattern *list, size_t n), Pattern)
SLICE((const leakdiag_timeline_point *points, size_t n), Point)

/* Structs that come back by value are written to the caller's, by values.i. */
%ignore leakdiag_scan_recent;
%ignore leakdiag_timeline_point_at;
%rename(scan_recent) ld_scan_recent;
%rename(timeline_point_at) ld_timeline_point_at;
POINTER(leakdiag_timeline_point *ret, Point)
/* --- callbacks: callback.c hands them to Go --------------------------------------------------------- */
%{
int ld_go_on_look(const leakdiag_diagnosis *diagnosis, void *payload);
int ld_go_answer(const leakdiag_http_request *request, leakdiag_http_answer *ret, void *payload);
int ld_go_write(const leakdiag_log_record *record, void *payload);
%}
%typemap(gotype) uintptr_t token "uintptr"
%typemap(imtype) uintptr_t token "uintptr"
%typemap(in) uintptr_t token "$1 = (uintptr_t)$input;"
%typemap(goin) uintptr_t token ""
%extend leakdiag_watch_options {
    /* token names the Go function, see callback.go. */
    void set_on_look(uintptr_t token)
    {
        $self->on_look = ld_go_on_look;
        $self->payload = (void *)token;
    }
}
%extend leakdiag_transport {
    /* token names an *Answering, see callback.go. */
    void set_answer(uintptr_t token)
    {
        $self->answer = ld_go_answer;
        $self->payload = (void *)token;
    }
}

%extend leakdiag_log {
    /* token names a Write, see callback.go. */
    void set_write(uintptr_t token)
    {
        $self->write = ld_go_write;
        $self->payload = (void *)token;
    }
}

%ignore leakdiag_error;
%ignore leakdiag_pattern;
%ignore leakdiag_log_line;
%ignore leakdiag_timeline_point;
