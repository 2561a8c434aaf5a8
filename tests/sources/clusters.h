/* Clusters for the tests: a folder of files, and surroundings that are not those of the process. */
#ifndef CLUSTERS_H
#define CLUSTERS_H

#include <check.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "net/cluster.h"
#include "sources/temporary.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

typedef struct place {
    char dir[64];
    ld_surroundings around;
    char service_accounts[128];
    int64_t now_ms; /* the clock; moved by the test */
} place;

static inline int64_t place_now(void *payload)
{
    return __atomic_load_n(&((place *)payload)->now_ms, __ATOMIC_SEQ_CST);
}

static inline void place_make(place *p)
{
    *p = (place){.now_ms = INT64_C(1795439371000)};
    temporary_template(p->dir, "cluster");
    ck_assert_ptr_nonnull(mkdtemp(p->dir));
    snprintf(p->service_accounts, sizeof p->service_accounts, "%s/serviceaccount", p->dir);
    p->around = (ld_surroundings){.home = p->dir,
                                  .service_account_folder = p->service_accounts,
                                  .path = "/usr/bin:/bin",
                                  .environment = environ,
                                  .uid = geteuid(),
                                  .now_ms = place_now,
                                  .payload = p};
}

static inline int place_remove_one(const char *path, const struct stat *about, int type,
                                   struct FTW *ftw)
{
    (void)about;
    (void)type;
    (void)ftw;
    return remove(path);
}

static inline void place_remove(place *p)
{
    ck_assert_int_eq(nftw(p->dir, place_remove_one, 8, FTW_DEPTH | FTW_PHYS), 0);
}

/* The path of a file below the place; freed by the caller. */
static inline char *place_path(const place *p, const char *name)
{
    char *path = NULL;
    ck_assert_int_gt(asprintf(&path, "%s/%s", p->dir, name), 0);
    return path;
}

/* Written anew with another inode and moved into place, as the kubelet does; folders are made. */
static inline void place_write_bytes(const place *p, const char *name, const char *data, size_t len)
{
    char *path = place_path(p, name), *fresh = NULL;
    for (char *slash = strchr(path + strlen(p->dir) + 1, '/'); slash;
         slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        mkdir(path, 0700);
        *slash = '/';
    }
    ck_assert_int_gt(asprintf(&fresh, "%s.new", path), 0);
    FILE *file = fopen(fresh, "w");
    ck_assert_ptr_nonnull(file);
    ck_assert_uint_eq(fwrite(data, 1, len, file), len);
    ck_assert_int_eq(fchmod(fileno(file), 0600), 0);
    ck_assert_int_eq(fclose(file), 0);
    ck_assert_int_eq(rename(fresh, path), 0);
    free(fresh);
    free(path);
}

static inline void place_write(const place *p, const char *name, const char *text)
{
    place_write_bytes(p, name, text, strlen(text));
}

static inline void place_chmod(const place *p, const char *name, mode_t mode)
{
    char *path = place_path(p, name);
    ck_assert_int_eq(chmod(path, mode), 0);
    free(path);
}

/* All of text with the words replaced; freed by the caller. */
static inline char *replaced(const char *text, const char *from, const char *to)
{
    size_t n = strlen(text) + 1, room = n;
    for (const char *p = strstr(text, from); p; p = strstr(p + 1, from))
        room += strlen(to);
    char *out = malloc(room), *end = out;
    ck_assert_ptr_nonnull(out);
    for (const char *p; (p = strstr(text, from)) != NULL; text = p + strlen(from)) {
        memcpy(end, text, (size_t)(p - text));
        end += p - text;
        memcpy(end, to, strlen(to));
        end += strlen(to);
    }
    strcpy(end, text);
    return out;
}

/* Opens DIR/config with the default options and these changes. */
static inline leakdiag_status place_open_with(place *p, leakdiag_cluster_options options,
                                              leakdiag_cluster **ret, leakdiag_error *err)
{
    char *path = place_path(p, "config");
    if (!options.kubeconfig)
        options.kubeconfig = path;
    leakdiag_status status = ld_cluster_open_in(&options, &p->around, ret, err);
    free(path);
    return status;
}

static inline leakdiag_cluster *place_open(place *p, int64_t exec_policy)
{
    leakdiag_cluster_options options = LEAKDIAG_CLUSTER_OPTIONS_INIT;
    leakdiag_cluster *cluster = NULL;
    leakdiag_error err = {0};
    options.exec_policy = exec_policy;
    leakdiag_status status = place_open_with(p, options, &cluster, &err);
    ck_assert_msg(status == LEAKDIAG_OK, "%s", err.message);
    return cluster;
}

/* A kubeconfig with cluster c, user u, context x: flow maps without their braces. */
static inline void place_config(place *p, const char *cluster, const char *user)
{
    char *text = NULL;
    ck_assert_int_gt(asprintf(&text,
                              "apiVersion: v1\nkind: Config\ncurrent-context: x\nclusters:\n"
                              "- {name: c, cluster: {%s}}\nusers:\n- {name: u, user: {%s}}\n"
                              "contexts:\n- {name: x, context: {cluster: c, user: u}}\n",
                              cluster, user),
                     0);
    place_write(p, "config", text);
    free(text);
}

#define HTTPS "server: 'https://127.0.0.1:6443'"

static inline ld_origin *origin_of(leakdiag_cluster *cluster)
{
    ld_origin *origin = NULL;
    leakdiag_error err = {0};
    leakdiag_status status = ld_cluster_origin(cluster, 20000, NULL, NULL, &origin, &err);
    ck_assert_msg(status == LEAKDIAG_OK, "%s", err.message);
    return origin;
}

static inline void assert_authorization(leakdiag_cluster *cluster, const char *expected)
{
    ld_origin *origin = origin_of(cluster);
    if (expected)
        ck_assert_str_eq(origin->authorization, expected);
    else
        ck_assert_ptr_null(origin->authorization);
    ld_origin_free(origin);
}

#endif
