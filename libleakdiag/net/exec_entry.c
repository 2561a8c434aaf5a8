#include "net/exec_entry.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/alloc.h"
#include "base/text.h"

#define GROUP "client.authentication.k8s.io/"

static leakdiag_status check_version(const ld_entry *exec, const char *version, leakdiag_error *err)
{
    if (!version)
        return ld_entry_fail(exec, "apiVersion", err, LEAKDIAG_E_INVALID,
                             "exec needs apiVersion, like " GROUP "v1");
    if (strcmp(version, GROUP "v1") == 0 || strcmp(version, GROUP "v1beta1") == 0)
        return LEAKDIAG_OK;
    if (strcmp(version, GROUP "v1alpha1") == 0)
        return ld_entry_fail(exec, "apiVersion", err, LEAKDIAG_E_UNSUPPORTED,
                             "exec apiVersion v1alpha1 was removed in 1.24; make the kubeconfig "
                             "anew (for EKS run: aws eks update-kubeconfig)");
    return ld_entry_fail(exec, "apiVersion", err, LEAKDIAG_E_UNSUPPORTED,
                         "exec apiVersion %.60s is not known; v1 and v1beta1 of " GROUP " are",
                         version);
}

static leakdiag_status check_mode(const ld_entry *exec, const char *version, const char *mode,
                                  leakdiag_error *err)
{
    bool is_v1 = strcmp(version, GROUP "v1") == 0;
    if (!mode && is_v1)
        return ld_entry_fail(exec, "interactiveMode", err, LEAKDIAG_E_INVALID,
                             "exec needs interactiveMode (Never or IfAvailable) with v1");
    if (!mode || !strcmp(mode, "Never") || !strcmp(mode, "IfAvailable") || !strcmp(mode, "Always"))
        return LEAKDIAG_OK;
    return ld_entry_fail(exec, "interactiveMode", err, LEAKDIAG_E_INVALID,
                         "exec interactiveMode must be Never, IfAvailable or Always");
}

/* ---- lists ---- */

static leakdiag_status read_args(const ld_entry *exec, char ***ret, leakdiag_error *err)
{
    const ld_node *list;
    leakdiag_status status = ld_entry_child(exec, "args", LD_NODE_LIST, &list, err);
    if (status || !list)
        return status;
    if (list->n > LD_EXEC_WORDS_MAX)
        return ld_entry_fail(exec, "args", err, LEAKDIAG_E_LIMIT, "exec has more than %d args",
                             LD_EXEC_WORDS_MAX);
    *ret = ld_alloc_array(list->n + 1, sizeof **ret);
    for (size_t i = 0; *ret && i < list->n; i++) {
        if (list->children[i].kind != LD_NODE_SCALAR)
            return ld_entry_fail(exec, "args", err, LEAKDIAG_E_INVALID, "exec args must be texts");
        if (!((*ret)[i] = ld_copy_text(list->children[i].text)))
            return ld_fail_nomem(err);
    }
    return *ret ? LEAKDIAG_OK : ld_fail_nomem(err);
}

static leakdiag_status read_variable(const ld_entry *exec, const ld_node *item, char **ret,
                                     leakdiag_error *err)
{
    LD_CLEANUP(ld_secret_text_done) ld_secret_text text = {0};
    const char *name = ld_node_text(ld_node_get(item, "name"));
    const char *value = ld_node_text(ld_node_get(item, "value"));
    if (!name || !*name || strchr(name, '='))
        return ld_entry_fail(exec, "env", err, LEAKDIAG_E_INVALID,
                             "exec env needs items with name (without '=') and value");
    ld_secret_add(&text, name, strlen(name));
    ld_secret_add(&text, "=", 1);
    ld_secret_add(&text, value ? value : "", value ? strlen(value) : 0);
    return ld_secret_take(&text, ret, err);
}

static leakdiag_status read_env(const ld_entry *exec, char ***ret, leakdiag_error *err)
{
    const ld_node *list;
    leakdiag_status status = ld_entry_child(exec, "env", LD_NODE_LIST, &list, err);
    if (status || !list)
        return status;
    if (list->n > LD_EXEC_WORDS_MAX)
        return ld_entry_fail(exec, "env", err, LEAKDIAG_E_LIMIT,
                             "exec has more than %d env variables", LD_EXEC_WORDS_MAX);
    *ret = ld_alloc_array(list->n + 1, sizeof **ret);
    if (!*ret)
        return ld_fail_nomem(err);
    for (size_t i = 0; !status && i < list->n; i++)
        status = read_variable(exec, &list->children[i], &(*ret)[i], err);
    return status;
}

static leakdiag_status copy_allowed(const char *const *allowed, ld_exec_plugin *plugin,
                                    leakdiag_error *err)
{
    size_t n = 0;
    while (allowed && allowed[n])
        n++;
    plugin->allowed = ld_alloc_array(n + 1, sizeof *plugin->allowed);
    for (size_t i = 0; plugin->allowed && i < n; i++)
        if (!(plugin->allowed[i] = ld_copy_text(allowed[i])))
            return ld_fail_nomem(err);
    return plugin->allowed ? LEAKDIAG_OK : ld_fail_nomem(err);
}

/* ---- may it be run? ---- */

/* A kubeconfig that others may write is their program with our rights. */
static leakdiag_status judge_file(const ld_kubeconfig_file *file, uid_t uid, ld_text *why)
{
    if (file->about.owner != uid && file->about.owner != 0)
        ld_text_addf(why, "%.200s belongs to user %lu; make a copy that is yours", file->path,
                     (unsigned long)file->about.owner);
    else if (S_ISREG(file->about.mode) && file->about.mode & (S_IWGRP | S_IWOTH))
        ld_text_addf(why, "%.200s is writable by others; chmod go-w it", file->path);
    return why->failed ? LEAKDIAG_E_NOMEM : LEAKDIAG_OK;
}

static leakdiag_status judge(const ld_entry *user, const ld_user_frame *frame, const char *mode,
                             ld_exec_plugin *plugin, leakdiag_error *err)
{
    LD_CLEANUP(ld_text_done) ld_text why = {0};
    if (frame->exec_policy == LEAKDIAG_EXEC_DENY)
        ld_text_add(&why, "the policy is to run no exec plugin; allow it, or use a token");
    else if (ld_text_equal(mode, "Always"))
        ld_text_add(&why, "its interactiveMode is Always, and there is nobody to type; log in with "
                          "it by hand, or set IfAvailable");
    else if (judge_file(user->file, frame->uid, &why))
        return ld_fail_nomem(err);
    if (why.failed)
        return ld_fail_nomem(err);
    return why.len ? ld_text_take(&why, &plugin->refused, err) : LEAKDIAG_OK;
}

/* ---- the whole ---- */

static leakdiag_status read_texts(const ld_entry *exec, const char **mode, ld_exec_plugin *plugin,
                                  leakdiag_error *err)
{
    const char *command, *version, *hint;
    leakdiag_status status = ld_entry_text(exec, "command", &command, err);
    if (!status)
        status = ld_entry_text(exec, "apiVersion", &version, err);
    if (!status)
        status = ld_entry_text(exec, "interactiveMode", mode, err);
    if (!status)
        status = ld_entry_text(exec, "installHint", &hint, err);
    if (!status && !command)
        status = ld_entry_fail(exec, "command", err, LEAKDIAG_E_INVALID, "exec needs a command");
    if (!status)
        status = check_version(exec, version, err);
    if (!status)
        status = check_mode(exec, version, *mode, err);
    if (status)
        return status;
    plugin->command = strchr(command, '/') ? ld_entry_path(exec, command) : ld_copy_text(command);
    plugin->api_version = ld_copy_text(version);
    plugin->install_hint = hint ? ld_copy_text(hint) : NULL;
    if (!plugin->command || !plugin->api_version || (hint && !plugin->install_hint))
        return ld_fail_nomem(err);
    return LEAKDIAG_OK;
}

leakdiag_status ld_exec_entry_read(const ld_entry *user, const ld_user_frame *frame,
                                   ld_exec_plugin **ret, leakdiag_error *err)
{
    LD_CLEANUP(ld_exec_plugin_freep) ld_exec_plugin *plugin = NULL;
    const ld_node *node;
    const char *mode = NULL;
    bool wants_cluster = false;
    leakdiag_status status = ld_entry_child(user, "exec", LD_NODE_MAP, &node, err);
    if (status || !node)
        return status;
    ld_entry exec = *user;
    exec.node = node;
    plugin = ld_alloc_zero(sizeof *plugin);
    if (!plugin)
        return ld_fail_nomem(err);
    status = read_texts(&exec, &mode, plugin, err);
    if (!status)
        status = read_args(&exec, &plugin->args, err);
    if (!status)
        status = read_env(&exec, &plugin->env, err);
    if (!status)
        status = ld_entry_bool(&exec, "provideClusterInfo", &wants_cluster, err);
    if (!status)
        status = ld_exec_info(plugin->api_version, wants_cluster ? &frame->cluster : NULL,
                              &plugin->info, err);
    if (!status && frame->exec_policy == LEAKDIAG_EXEC_ALLOWED)
        status = copy_allowed(frame->exec_allowed, plugin, err);
    if (!status)
        status = judge(user, frame, mode, plugin, err);
    if (!status)
        *ret = ld_steal(&plugin);
    return status;
}
