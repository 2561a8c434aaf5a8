/* How C becomes Python: a handle is a capsule that gives itself back, an error is an exception of
 * leakdiag.errors, an output is a result. No SWIG type reaches the extension's surface, so a call
 * costs the same with every version of SWIG. */

%{
#define LD_HANDLE_NAME(noun) "leakdiag." noun

/* The object behind a capsule, or NULL with an exception. None is what is left of a closed one. */
static void *ld_pointer(PyObject *object, const char *name)
{
    if (PyCapsule_CheckExact(object)) {
        void *pointer = PyCapsule_GetPointer(object, name);
        if (pointer)
            return pointer;
        PyErr_Format(PyExc_TypeError, "%s is needed here, not %s", name,
                     PyCapsule_GetName(object));
    } else if (object == Py_None) {
        PyErr_Format(PyExc_ValueError, "%s is closed (or None); make a new one", name);
    } else {
        PyErr_Format(PyExc_TypeError, "%s is needed here, not %.80s", name,
                     Py_TYPE(object)->tp_name);
    }
    return NULL;
}

/* A capsule that owns what it points to. */
static PyObject *ld_owned(void *pointer, const char *name, PyCapsule_Destructor drop,
                          void (*give_back)(void *))
{
    if (!pointer)
        Py_RETURN_NONE;
    PyObject *capsule = PyCapsule_New(pointer, name, drop);
    if (!capsule)
        give_back(pointer);
    return capsule;
}

static void ld_drop_borrowed(PyObject *capsule)
{
    Py_XDECREF((PyObject *)PyCapsule_GetContext(capsule));
}

/* A capsule of something that lives as long as its parent: it keeps the parent. */
static PyObject *ld_borrowed(void *pointer, const char *name, PyObject *parent)
{
    if (!pointer)
        Py_RETURN_NONE;
    PyObject *capsule = PyCapsule_New(pointer, name, ld_drop_borrowed);
    if (!capsule || PyCapsule_SetContext(capsule, parent))
        return capsule;
    Py_INCREF(parent);
    return capsule;
}

/* Add an output to what is returned: nothing so far, one value, or a tuple. Takes both references;
 * NULL with an exception when an output could not be made. */
static PyObject *ld_add(PyObject *result, PyObject *output)
{
    PyObject *list;
    if (!result || !output || result == Py_None) {
        if (result && !output)
            Py_DECREF(result);
        else if (result == Py_None)
            Py_DECREF(result);
        return result ? output : NULL;
    }
    if (PyTuple_CheckExact(result)) {
        Py_ssize_t n = PyTuple_GET_SIZE(result);
        list = PyTuple_New(n + 1);
        for (Py_ssize_t i = 0; list && i < n; i++) {
            PyObject *item = PyTuple_GET_ITEM(result, i);
            Py_INCREF(item);
            PyTuple_SET_ITEM(list, i, item);
        }
        Py_DECREF(result);
        if (list)
            PyTuple_SET_ITEM(list, n, output);
        else
            Py_DECREF(output);
        return list;
    }
    list = PyTuple_Pack(2, result, output);
    Py_DECREF(result);
    Py_DECREF(output);
    return list;
}

/* Bytes of the library are UTF-8, but what came from outside may hold any byte. */
static PyObject *ld_text(const char *text)
{
    if (!text)
        Py_RETURN_NONE;
    return PyUnicode_DecodeUTF8(text, (Py_ssize_t)strlen(text), "replace");
}

static const char *ld_utf8(PyObject *object)
{
    Py_ssize_t len = 0;
    const char *text;
    if (!PyUnicode_Check(object)) {
        PyErr_Format(PyExc_TypeError, "str is needed here, not %.80s", Py_TYPE(object)->tp_name);
        return NULL;
    }
    text = PyUnicode_AsUTF8AndSize(object, &len);
    if (text && (size_t)len != strlen(text)) {
        PyErr_SetString(PyExc_ValueError, "the text holds a NUL character; take it out");
        return NULL;
    }
    return text;
}

/* A failure as the exception of its status. An exception that is set already stays: it came out of
 * a callback and is the reason. */
static void ld_raise(const leakdiag_error *err)
{
    PyObject *module, *made;
    if (PyErr_Occurred())
        return;
    module = PyImport_ImportModule("leakdiag.errors");
    if (!module)
        return;
    made = PyObject_CallMethod(module, "of_status", "iiIIIN", (int)err->status,
                               (int)err->http_status, (unsigned)err->flags, (unsigned)err->line,
                               (unsigned)err->column, ld_text(err->message));
    Py_DECREF(module);
    if (made)
        PyErr_SetObject((PyObject *)Py_TYPE(made), made);
    Py_XDECREF(made);
}

/* Contiguous memory of one item format, read only; released again by the caller. */
static int ld_buffer(PyObject *object, Py_buffer *view, char format, const char *wanted)
{
    if (PyObject_GetBuffer(object, view, PyBUF_CONTIG_RO | PyBUF_FORMAT))
        return -1;
    if (view->itemsize == 8 && view->format && strlen(view->format) == 1 &&
        (view->format[0] == format || (format == 'q' && view->format[0] == 'l')))
        return 0;
    PyBuffer_Release(view);
    PyErr_Format(PyExc_TypeError, "contiguous memory of %s is needed here", wanted);
    return -1;
}
%}

/* --- handles ----------------------------------------------------------------------------------- */
%define HANDLE(NOUN, GIVE_BACK)
%nodefaultctor leakdiag_##NOUN;
%nodefaultdtor leakdiag_##NOUN;
%ignore GIVE_BACK; /* the capsule does it */
%{
static void ld_give_back_##NOUN(void *pointer)
{
    GIVE_BACK((leakdiag_##NOUN *)pointer);
}

static void ld_drop_##NOUN(PyObject *capsule)
{
    ld_give_back_##NOUN(PyCapsule_GetPointer(capsule, "leakdiag." #NOUN));
}
%}
%typemap(in) leakdiag_##NOUN *, const leakdiag_##NOUN * %{
    $1 = ($1_ltype)ld_pointer($input, "leakdiag." #NOUN);
    if (!$1)
        SWIG_fail;
%}
%typemap(in) const leakdiag_##NOUN *NULLABLE %{
    $1 = $input == Py_None ? NULL : ($1_ltype)ld_pointer($input, "leakdiag." #NOUN);
    if (!$1 && $input != Py_None)
        SWIG_fail;
%}
%typemap(in, numinputs=0) leakdiag_##NOUN ** (leakdiag_##NOUN *made = NULL) "$1 = &made;"
%typemap(argout) leakdiag_##NOUN ** %{
    $result = ld_add($result, ld_owned(*$1, "leakdiag." #NOUN, ld_drop_##NOUN, ld_give_back_##NOUN));
    if (!$result)
        SWIG_fail;
%}
%typemap(out) leakdiag_##NOUN * %{
    $result = ld_owned($1, "leakdiag." #NOUN, ld_drop_##NOUN, ld_give_back_##NOUN);
%}
%typemap(out) const leakdiag_##NOUN * %{
    $result = ld_borrowed((void *)(uintptr_t)$1, "leakdiag." #NOUN, swig_obj[0]);
%}
%enddef

/* --- options: made with the defaults, then set field by field ------------------------------------ */
%define OPTIONS(NAME, INIT)
%nodefaultctor leakdiag_##NAME;
%nodefaultdtor leakdiag_##NAME;
%ignore leakdiag_##NAME::size;
%{
static void ld_drop_##NAME(PyObject *capsule)
{
    free(PyCapsule_GetPointer(capsule, "leakdiag." #NAME));
}
%}
%typemap(in) leakdiag_##NAME *, const leakdiag_##NAME *, struct leakdiag_##NAME * %{
    $1 = ($1_ltype)ld_pointer($input, "leakdiag." #NAME);
    if (!$1)
        SWIG_fail;
%}
%typemap(out) leakdiag_##NAME *, struct leakdiag_##NAME * %{
    $result = ld_owned($1, "leakdiag." #NAME, ld_drop_##NAME, free);
%}
%extend leakdiag_##NAME {
    leakdiag_##NAME()
    {
        const leakdiag_##NAME init = INIT;
        leakdiag_##NAME *made = (leakdiag_##NAME *)malloc(sizeof *made);
        if (made)
            *made = init;
        return made;
    }
}
%enddef

/* A member that is a handle is only ever set. */
%typemap(out) leakdiag_cancel *cancel, leakdiag_cluster *cluster, const leakdiag_transport *transport,
    const char *const *exec_allowed "(void)$1; Py_INCREF(Py_None); $result = Py_None;"
/* Members of options borrow: what they are set to must be kept until the call is over. The public
 * layer does. */
%typemap(in) const char *BORROWED %{
    $1 = $input == Py_None ? NULL : ($1_ltype)(uintptr_t)ld_utf8($input);
    if (!$1 && PyErr_Occurred())
        SWIG_fail;
%}
%typemap(memberin) const char * "$1 = $input;"
%typemap(varin) const char * "$1 = $input;"
%typemap(in) const int64_t *restart_times_ms (Py_buffer view), const int64_t *oom_times_ms (Py_buffer view) %{
    if (ld_buffer($input, &view, 'q', "int64"))
        SWIG_fail;
    $1 = view.buf;
    PyBuffer_Release(&view);
%}

/* --- texts, bytes, numbers ------------------------------------------------------------------------ */
%typemap(in) const char * %{
    $1 = ($1_ltype)(uintptr_t)ld_utf8($input);
    if (!$1)
        SWIG_fail;
%}
%typemap(freearg) const char * ""
%apply const char *BORROWED {
    const char *root, const char *origin, const char *file, const char *context_json,
    const char *bearer_token, const char *api_key, const char *namespace_name,
    const char *kubeconfig, const char *context, const char *cluster, const char *user,
    const char *impersonate, const char *selector, const char *container, const char *workload,
    const char *parts
};
%typemap(out) const char * "$result = ld_text($1);"

%typemap(in) (const char *data, size_t len) (Py_buffer view = {0}) %{
    if (PyUnicode_Check($input)) {
        Py_ssize_t len = 0;
        $1 = ($1_ltype)(uintptr_t)PyUnicode_AsUTF8AndSize($input, &len);
        $2 = (size_t)len;
        if (!$1)
            SWIG_fail;
    } else {
        if (PyObject_GetBuffer($input, &view, PyBUF_SIMPLE))
            SWIG_fail;
        $1 = view.buf;
        $2 = view.len;
    }
%}
%typemap(freearg) (const char *data, size_t len) "PyBuffer_Release(&view$argnum);"

%{
/* A pair (times, values) as two views of the same number of items. */
static int ld_pair(PyObject *object, Py_buffer *times, Py_buffer *values)
{
    if (!PyTuple_Check(object) || PyTuple_GET_SIZE(object) != 2) {
        PyErr_SetString(PyExc_TypeError, "a pair (times, values) is needed here");
        return -1;
    }
    if (ld_buffer(PyTuple_GET_ITEM(object, 0), times, 'q', "int64") ||
        ld_buffer(PyTuple_GET_ITEM(object, 1), values, 'd', "float64"))
        return -1;
    if (times->len == values->len)
        return 0;
    PyErr_Format(PyExc_ValueError, "%zd times but %zd values; give as many of each",
                 times->len / 8, values->len / 8);
    return -1;
}
%}
%typemap(in) (const int64_t *times_ms, const double *values, size_t n)
    (Py_buffer first = {0}, Py_buffer second = {0}) %{
    if (ld_pair($input, &first, &second))
        SWIG_fail;
    $1 = first.buf;
    $2 = second.buf;
    $3 = (size_t)(second.len / 8);
%}
%typemap(freearg) (const int64_t *times_ms, const double *values, size_t n)
    "PyBuffer_Release(&first$argnum); PyBuffer_Release(&second$argnum);"

/* Sequences become C arrays for the call; the texts in them stay where they are. */
%{
static PyObject *ld_sequence(PyObject *object, size_t item_bytes, void **ret_array, size_t *ret_n)
{
    PyObject *fast = PySequence_Fast(object, "a sequence is needed here");
    if (!fast)
        return NULL;
    *ret_n = (size_t)PySequence_Fast_GET_SIZE(fast);
    *ret_array = PyMem_Calloc(*ret_n + 1, item_bytes);
    if (!*ret_array) {
        Py_DECREF(fast);
        PyErr_NoMemory();
        return NULL;
    }
    return fast;
}
%}
%define SEQUENCE(TYPE, FILL)
%typemap(in) TYPE (PyObject *fast = NULL, void *array = NULL) %{
    fast = ld_sequence($input, sizeof *$1, &array, &$2);
    if (!fast)
        SWIG_fail;
    $1 = array;
    for (size_t i = 0; i < $2; i++) {
        PyObject *item = PySequence_Fast_GET_ITEM(fast, (Py_ssize_t)i);
        if (FILL)
            SWIG_fail;
    }
%}
%typemap(freearg) TYPE "PyMem_Free(array$argnum); Py_XDECREF(fast$argnum);"
%enddef
%{
static int ld_fill_text(PyObject *item, char const **ret)
{
    *ret = ld_utf8(item);
    return *ret ? 0 : -1;
}

static int ld_is_tuple(PyObject *item)
{
    if (PyTuple_Check(item))
        return 1;
    PyErr_Format(PyExc_TypeError, "a tuple is needed here, not %.80s", Py_TYPE(item)->tp_name);
    return 0;
}

static int ld_fill_pattern(PyObject *item, leakdiag_pattern *ret)
{
    PyObject *name, *text;
    unsigned long long flags;
    if (!ld_is_tuple(item) || !PyArg_ParseTuple(item, "UUK", &name, &text, &flags))
        return -1;
    ret->flags = flags;
    ret->name = ld_utf8(name);
    ret->text = ret->name ? ld_utf8(text) : NULL;
    return ret->text ? 0 : -1;
}

static int ld_fill_point(PyObject *item, leakdiag_timeline_point *ret)
{
    PyObject *phase;
    long long at_ms;
    if (!ld_is_tuple(item) || !PyArg_ParseTuple(item, "LdO", &at_ms, &ret->bytes, &phase))
        return -1;
    ret->at_ms = at_ms;
    ret->phase = phase == Py_None ? NULL : ld_utf8(phase);
    return PyErr_Occurred() ? -1 : 0;
}
%}
SEQUENCE((const char *const *set, size_t n_set), ld_fill_text(item, (char const **)$1 + i))
SEQUENCE((const leakdiag_pattern *list, size_t n), ld_fill_pattern(item, $1 + i))
SEQUENCE((const leakdiag_timeline_point *points, size_t n), ld_fill_point(item, $1 + i))

/* --- outputs --------------------------------------------------------------------------------------- */
%typemap(out) leakdiag_status "(void)$1; Py_INCREF(Py_None); $result = Py_None;"
%typemap(in, numinputs=0) leakdiag_error *err (leakdiag_error failure) %{
    memset(&failure, 0, sizeof failure);
    $1 = &failure;
%}
%typemap(argout) leakdiag_error *err %{
    if ($1->status != LEAKDIAG_OK || PyErr_Occurred()) {
        Py_CLEAR($result);
        ld_raise($1);
        SWIG_fail;
    }
%}

%typemap(in, numinputs=0) char **ret (char *made = NULL) "$1 = &made;"
%typemap(argout) char **ret %{
    $result = ld_add($result, ld_text(*$1));
    leakdiag_free(*$1);
    if (!$result)
        SWIG_fail;
%}
%typemap(in, numinputs=0) (char **ret, size_t *ret_len) (char *made = NULL, size_t len = 0)
    "$1 = &made; $2 = &len;"
%typemap(argout) (char **ret, size_t *ret_len) %{
    $result = ld_add($result, PyBytes_FromStringAndSize(*$1, (Py_ssize_t)*$2));
    leakdiag_free(*$1);
    if (!$result)
        SWIG_fail;
%}

/* Text whose length is an output: any byte may be in it. */
%typemap(out) const char *leakdiag_flag_body, const char *leakdiag_observation_scenario,
    const char *leakdiag_scenario_builtin_text "Py_INCREF(Py_None); $result = Py_None;"
%typemap(in, numinputs=0) size_t *ret_len (size_t len = 0) "$1 = &len;"
%typemap(argout) size_t *ret_len %{
    if (result)
        $result = ld_add($result, PyBytes_FromStringAndSize(result, (Py_ssize_t)*$1));
    if (!$result)
        SWIG_fail;
%}

%typemap(in, numinputs=0) int64_t *ret (int64_t made = 0), int64_t *ret_ms (int64_t made = 0),
    int64_t *ret_from_ms (int64_t made = 0), int64_t *ret_to_ms (int64_t made = 0) "$1 = &made;"
%typemap(argout) int64_t *ret, int64_t *ret_ms, int64_t *ret_from_ms, int64_t *ret_to_ms
    "$result = ld_add($result, PyLong_FromLongLong(*$1));"
%typemap(in, numinputs=0) size_t *ret_pattern (size_t made = 0) "$1 = &made;"
%typemap(argout) size_t *ret_pattern "$result = ld_add($result, PyLong_FromSize_t(*$1));"

%{
/* (text as bytes, number, time or None); None without a line. */
static PyObject *ld_line(const leakdiag_log_line *line)
{
    if (!line->number)
        Py_RETURN_NONE;
    if (!line->has_time)
        return Py_BuildValue("y#KO", line->text, (Py_ssize_t)line->len,
                             (unsigned long long)line->number, Py_None);
    return Py_BuildValue("y#KL", line->text, (Py_ssize_t)line->len,
                         (unsigned long long)line->number, (long long)line->time_ms);
}
%}
%ignore leakdiag_log_line::text;
%ignore leakdiag_log_line::len;
%ignore leakdiag_log_line::number;
%ignore leakdiag_log_line::has_time;
%ignore leakdiag_log_line::time_ms;
%nodefaultctor leakdiag_log_line;
%nodefaultdtor leakdiag_log_line;
%nodefaultctor leakdiag_timeline_point;
%nodefaultdtor leakdiag_timeline_point;
%ignore leakdiag_timeline_point::at_ms;
%ignore leakdiag_timeline_point::bytes;
%ignore leakdiag_timeline_point::phase;
%ignore leakdiag_pattern;
%ignore leakdiag_error;
%typemap(in, numinputs=0) leakdiag_log_line *ret (leakdiag_log_line line = {0}) "$1 = &line;"
%typemap(argout) leakdiag_log_line *ret %{
    Py_CLEAR($result); /* whether there is one: None says it */
    $result = ld_line($1);
%}
/* Its text is borrowed from the scan: it is copied before anything else can run. In a tuple of its
 * own, to which the outputs are added. */
%typemap(out) leakdiag_log_line "$result = Py_BuildValue(\"(N)\", ld_line(&$1));"
%typemap(out) leakdiag_timeline_point
    "$result = Py_BuildValue(\"Ldz\", (long long)$1.at_ms, $1.bytes, $1.phase);"

/* --- views: C memory as a buffer, without a copy ---------------------------------------------------- */
%{
/* Exports the memory of an immutable series and keeps the series. */
typedef struct {
    PyObject_HEAD
    PyObject *owner;
    const void *memory;
    Py_ssize_t items, stride;
    const char *format;
} ld_view;

static int ld_view_getbuffer(PyObject *object, Py_buffer *buffer, int flags)
{
    ld_view *view = (ld_view *)object;
    if (PyBuffer_FillInfo(buffer, object, (void *)(uintptr_t)view->memory, view->items * 8, 1,
                          flags))
        return -1;
    buffer->itemsize = 8;
    if (flags & PyBUF_FORMAT)
        buffer->format = (char *)(uintptr_t)view->format;
    if (flags & PyBUF_ND)
        buffer->shape = &view->items;
    if ((flags & PyBUF_STRIDES) == PyBUF_STRIDES)
        buffer->strides = &view->stride;
    return 0;
}

static void ld_view_dealloc(PyObject *object)
{
    PyTypeObject *type = Py_TYPE(object);
    Py_XDECREF(((ld_view *)object)->owner);
    PyObject_Free(object);
    Py_DECREF(type);
}

static PyObject *ld_view_of(PyObject *owner, const void *memory, size_t items, const char *format)
{
    static PyObject *type; /* made once, under the GIL */
    PyType_Slot slots[] = {{Py_bf_getbuffer, (void *)ld_view_getbuffer},
                           {Py_tp_dealloc, (void *)ld_view_dealloc},
                           {0, NULL}};
    PyType_Spec spec = {"leakdiag._capi.View", sizeof(ld_view), 0, Py_TPFLAGS_DEFAULT, slots};
    ld_view *view;
    PyObject *result;
    if (!type && !(type = PyType_FromSpec(&spec)))
        return NULL;
    view = PyObject_New(ld_view, (PyTypeObject *)type);
    if (!view)
        return NULL;
    Py_INCREF(owner);
    view->owner = owner;
    view->memory = memory ? memory : "";
    view->items = (Py_ssize_t)items;
    view->stride = 8;
    view->format = format;
    result = PyMemoryView_FromObject((PyObject *)view);
    Py_DECREF(view);
    return result;
}
%}
%typemap(out) const double *leakdiag_series_values
    "$result = ld_view_of(swig_obj[0], $1, leakdiag_series_len(arg1), \"d\");"
%typemap(out) const int64_t *leakdiag_series_times_ms
    "$result = ld_view_of(swig_obj[0], $1, leakdiag_series_len(arg1), \"q\");"

/* --- callbacks ------------------------------------------------------------------------------------- */
%{
/* The capsule of a diagnosis that is lent for one callback; afterwards it is closed. */
static int ld_on_look(const leakdiag_diagnosis *diagnosis, void *payload)
{
    PyGILState_STATE gil = PyGILState_Ensure();
    int stop = 1;
    PyObject *lent = PyErr_Occurred() ? NULL
                                      : PyCapsule_New((void *)(uintptr_t)diagnosis,
                                                      "leakdiag.diagnosis", NULL);
    if (lent) {
        PyObject *answer = PyObject_CallFunctionObjArgs((PyObject *)payload, lent, NULL);
        stop = answer ? PyObject_IsTrue(answer) : 1;
        Py_XDECREF(answer);
        (void)PyCapsule_SetName(lent, "leakdiag.diagnosis (lent for a callback that is over)");
        Py_DECREF(lent);
    }
    /* An exception stays set: the call that is under way raises it when it returns. */
    PyGILState_Release(gil);
    return stop != 0;
}
%}
%typemap(in) PyObject *callable %{
    if (!PyCallable_Check($input)) {
        PyErr_SetString(PyExc_TypeError, "a callable is needed here");
        SWIG_fail;
    }
    $1 = $input;
%}
%{
/* A NULL-terminated array of texts; its context keeps the tuple that they are in. */
static void ld_drop_texts(PyObject *capsule)
{
    PyMem_Free(PyCapsule_GetPointer(capsule, "leakdiag.texts"));
    Py_XDECREF((PyObject *)PyCapsule_GetContext(capsule));
}

static PyObject *ld_text_array(PyObject *texts)
{
    PyObject *kept = PySequence_Tuple(texts), *capsule;
    Py_ssize_t n = kept ? PyTuple_GET_SIZE(kept) : 0;
    const char **array = kept ? PyMem_Calloc((size_t)n + 1, sizeof *array) : NULL;
    if (!array) {
        Py_XDECREF(kept);
        return kept ? PyErr_NoMemory() : NULL;
    }
    capsule = PyCapsule_New((void *)array, "leakdiag.texts", ld_drop_texts);
    if (!capsule || PyCapsule_SetContext(capsule, kept)) {
        Py_DECREF(kept);
        return capsule;
    }
    for (Py_ssize_t i = 0; i < n; i++) {
        array[i] = ld_utf8(PyTuple_GET_ITEM(kept, i));
        if (!array[i]) {
            Py_DECREF(capsule);
            return NULL;
        }
    }
    return capsule;
}

/* What a transport calls: a list of the callable and, once it was called, what keeps the answer's
 * texts alive until the next one. */
static PyObject *ld_request(const leakdiag_http_request *request)
{
    PyObject *headers = PyList_New(0);
    for (size_t i = 0; headers && request->headers[i]; i++) {
        PyObject *header = ld_text(request->headers[i]);
        if (!header || PyList_Append(headers, header))
            Py_CLEAR(headers);
        Py_XDECREF(header);
    }
    if (!headers)
        return NULL;
    return Py_BuildValue("(ssy#NL)", request->method, request->url,
                         request->body ? request->body : "", (Py_ssize_t)request->body_len, headers,
                         (long long)request->deadline_ms);
}

/* (status, content_type, body, date_ms, latency_ms, headers, failure, failure_kind) */
static int ld_take_answer(PyObject *given, leakdiag_http_answer *ret, PyObject *kept)
{
    long long status, date_ms, latency_ms, failure_kind;
    const char *content_type, *body, *failure;
    Py_ssize_t body_len;
    PyObject *headers, *array;
    if (!PyTuple_Check(given)) {
        PyErr_SetString(PyExc_TypeError, "a transport answers with a tuple");
        return -1;
    }
    if (!PyArg_ParseTuple(given, "Lzy#LLOzL", &status, &content_type, &body, &body_len, &date_ms,
                          &latency_ms, &headers, &failure, &failure_kind))
        return -1;
    array = ld_text_array(headers);
    if (!array || PyList_SetItem(kept, 2, array))
        return -1;
    Py_INCREF(given);
    if (PyList_SetItem(kept, 1, given))
        return -1;
    ret->status = status;
    ret->content_type = content_type;
    ret->body = body;
    ret->body_len = (size_t)body_len;
    ret->date_ms = date_ms;
    ret->latency_ms = latency_ms;
    ret->headers = PyCapsule_GetPointer(array, "leakdiag.texts");
    ret->failure = failure;
    ret->failure_kind = failure_kind;
    return 0;
}

static int ld_answer(const leakdiag_http_request *request, leakdiag_http_answer *ret, void *payload)
{
    PyGILState_STATE gil = PyGILState_Ensure();
    PyObject *arguments = PyErr_Occurred() ? NULL : ld_request(request);
    PyObject *given = arguments ? PyObject_CallObject(PyList_GET_ITEM((PyObject *)payload, 0),
                                                      arguments)
                                : NULL;
    int failed = !given || ld_take_answer(given, ret, (PyObject *)payload);
    Py_XDECREF(given);
    Py_XDECREF(arguments);
    PyGILState_Release(gil);
    return failed;
}
%}
%{
/* (level, time_ms, event, source, message, method, url, connection, http_status, duration_ms, bytes,
 * attempt) */
static PyObject *ld_record(const leakdiag_log_record *record)
{
    return Py_BuildValue("(LLNNNNNNLLLL)", (long long)record->level, (long long)record->time_ms,
                         ld_text(record->event), ld_text(record->source),
                         ld_text(record->message), ld_text(record->method), ld_text(record->url),
                         ld_text(record->connection), (long long)record->http_status,
                         (long long)record->duration_ms, (long long)record->bytes,
                         (long long)record->attempt);
}

/* An exception stays set, and stops: the call that is under way raises it when it returns. */
static int ld_write(const leakdiag_log_record *record, void *payload)
{
    PyGILState_STATE gil = PyGILState_Ensure();
    PyObject *arguments = PyErr_Occurred() ? NULL : ld_record(record);
    PyObject *given = arguments ? PyObject_CallObject((PyObject *)payload, arguments) : NULL;
    int failed = !given;
    Py_XDECREF(given);
    Py_XDECREF(arguments);
    PyGILState_Release(gil);
    return failed;
}
%}
%typemap(in) PyObject *answering %{
    if (!PyList_CheckExact($input) || PyList_GET_SIZE($input) != 3 ||
        !PyCallable_Check(PyList_GET_ITEM($input, 0))) {
        PyErr_SetString(PyExc_TypeError, "a list [callable, None, None] is needed here");
        SWIG_fail;
    }
    $1 = $input;
%}
%typemap(in) PyObject *texts "$1 = $input;"
%typemap(out) PyObject *ld_text_array "$result = $1; if (!$result) SWIG_fail;"
%rename(text_array) ld_text_array;
PyObject *ld_text_array(PyObject *texts);
%typemap(in) const char *const *exec_allowed %{
    $1 = ($1_ltype)ld_pointer($input, "leakdiag.texts");
    if (!$1)
        SWIG_fail;
%}
%extend leakdiag_transport {
    /* Borrowed: the list must be kept as long as who is given the transport. */
    void set_answer(PyObject *answering)
    {
        $self->answer = ld_answer;
        $self->payload = answering;
    }
}
%extend leakdiag_log {
    /* Borrowed: the callable must be kept as long as who is given the log. */
    void set_write(PyObject *callable)
    {
        $self->write = ld_write;
        $self->payload = callable;
    }
}
%extend leakdiag_watch_options {
    /* Borrowed: the callable must be kept until the call is over. */
    void set_on_look(PyObject *callable)
    {
        $self->on_look = ld_on_look;
        $self->payload = callable;
    }
}
