/* NetworkPolicies: what they say of the way from the application's pod to the flag service's. The
 * expectations are those of the API's documentation: additive, isolated only in the directions that
 * some policy selects the pod for. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "wire/kube.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])
#define LIST(items)                                                                                \
    "{\"kind\":\"NetworkPolicyList\",\"apiVersion\":\"networking.k8s.io/v1\",\"metadata\":{},"     \
    "\"items\":[" items "]}"
#define POLICY(name, spec) "{\"metadata\":{\"name\":\"" name "\"},\"spec\":" spec "}"
#define APP                "\"podSelector\":{\"matchLabels\":{\"app\":\"checkout\"}}"
#define FLAGD              "\"podSelector\":{\"matchLabels\":{\"app\":\"flagd\"}}"
#define ALL                "\"podSelector\":{}"
#define EGRESS             "\"policyTypes\":[\"Egress\"]"
#define INGRESS            "\"policyTypes\":[\"Ingress\"]"

static const ld_kube_asked asked = {"list", "networkpolicies", "networking.k8s.io", "otel-demo",
                                    NULL};

static ld_kube_pod_label app_labels[] = {{"app", "checkout"}, {"tier", "back"}};
static ld_kube_pod_label flagd_labels[] = {{"app", "flagd"}};
static ld_kube_port flagd_ports[] = {{"rpc", NULL, 8013}, {"ofrep", NULL, 8016}};
static const ld_kube_pod app = {.name = "checkout-1", .labels = app_labels, .n_labels = 2};
static const ld_kube_pod flagd = {
    .name = "flagd-1", .labels = flagd_labels, .n_labels = 1, .ports = flagd_ports, .n_ports = 2};

/* From checkout to port 8013 of flagd. */
static const struct {
    const char *what, *items;
    ld_kube_verdict verdict;
    const char *policy, *direction;
} table[] = {
    {"no policy at all", "", LD_KUBE_PASSAGE_OPEN, NULL, NULL},
    {"a policy for other pods",
     POLICY("other", "{\"podSelector\":{\"matchLabels\":{\"app\":\"cart\"}}," EGRESS "}"),
     LD_KUBE_PASSAGE_OPEN, NULL, NULL},
    {"default deny of egress", POLICY("deny", "{" ALL "," EGRESS "}"), LD_KUBE_PASSAGE_BLOCKED,
     "deny", "egress"},
    {"default deny of ingress", POLICY("deny", "{" ALL "," INGRESS "}"), LD_KUBE_PASSAGE_BLOCKED,
     "deny", "ingress"},
    {"without types it is for ingress", POLICY("deny", "{" FLAGD "}"), LD_KUBE_PASSAGE_BLOCKED,
     "deny", "ingress"},
    {"without types and without egress rules it is not for egress", POLICY("deny", "{" APP "}"),
     LD_KUBE_PASSAGE_OPEN, NULL, NULL},
    {"without types but with egress rules it is for egress",
     POLICY("some", "{" APP ",\"egress\":[{\"ports\":[{\"port\":53}]}]}"), LD_KUBE_PASSAGE_BLOCKED,
     "some", "egress"},
    {"ingress of the application is of no interest", POLICY("deny", "{" APP "," INGRESS "}"),
     LD_KUBE_PASSAGE_OPEN, NULL, NULL},
    {"egress of flagd is of no interest", POLICY("deny", "{" FLAGD "," EGRESS "}"),
     LD_KUBE_PASSAGE_OPEN, NULL, NULL},
    {"an empty rule lets everything out", POLICY("all", "{" ALL "," EGRESS ",\"egress\":[{}]}"),
     LD_KUBE_PASSAGE_OPEN, NULL, NULL},
    {"policies add up: one that allows is enough",
     POLICY("deny", "{" ALL "," EGRESS "}") "," POLICY(
         "allow", "{" APP "," EGRESS ",\"egress\":[{\"to\":[{" FLAGD "}]}]}"),
     LD_KUBE_PASSAGE_OPEN, NULL, NULL},
    {"allowed to another pod only",
     POLICY("cart",
            "{" APP "," EGRESS
            ",\"egress\":[{\"to\":[{\"podSelector\":{\"matchLabels\":{\"app\":\"cart\"}}}]}]}"),
     LD_KUBE_PASSAGE_BLOCKED, "cart", "egress"},
    {"both directions must allow",
     POLICY("out", "{" APP "," EGRESS ",\"egress\":[{}]}") "," POLICY("in",
                                                                      "{" FLAGD "," INGRESS "}"),
     LD_KUBE_PASSAGE_BLOCKED, "in", "ingress"},
    {"ingress from the application",
     POLICY("in", "{" FLAGD "," INGRESS ",\"ingress\":[{\"from\":[{" APP "}]}]}"),
     LD_KUBE_PASSAGE_OPEN, NULL, NULL},
    /* ports */
    {"its port", POLICY("port", "{" ALL "," EGRESS ",\"egress\":[{\"ports\":[{\"port\":8013}]}]}"),
     LD_KUBE_PASSAGE_OPEN, NULL, NULL},
    {"another port",
     POLICY("port", "{" ALL "," EGRESS ",\"egress\":[{\"ports\":[{\"port\":8016}]}]}"),
     LD_KUBE_PASSAGE_BLOCKED, "port", "egress"},
    {"the port over UDP",
     POLICY("udp",
            "{" ALL "," EGRESS ",\"egress\":[{\"ports\":[{\"port\":8013,\"protocol\":\"UDP\"}]}]}"),
     LD_KUBE_PASSAGE_BLOCKED, "udp", "egress"},
    {"a protocol without a port is all its ports",
     POLICY("tcp", "{" ALL "," EGRESS ",\"egress\":[{\"ports\":[{\"protocol\":\"TCP\"}]}]}"),
     LD_KUBE_PASSAGE_OPEN, NULL, NULL},
    {"a named port of flagd",
     POLICY("name", "{" ALL "," INGRESS ",\"ingress\":[{\"ports\":[{\"port\":\"rpc\"}]}]}"),
     LD_KUBE_PASSAGE_OPEN, NULL, NULL},
    {"the name of another port of flagd",
     POLICY("name", "{" ALL "," INGRESS ",\"ingress\":[{\"ports\":[{\"port\":\"ofrep\"}]}]}"),
     LD_KUBE_PASSAGE_BLOCKED, "name", "ingress"},
    {"a name that flagd does not have",
     POLICY("name", "{" ALL "," EGRESS ",\"egress\":[{\"ports\":[{\"port\":\"http\"}]}]}"),
     LD_KUBE_PASSAGE_BLOCKED, "name", "egress"},
    {"within a range",
     POLICY("range",
            "{" ALL "," EGRESS ",\"egress\":[{\"ports\":[{\"port\":8000,\"endPort\":8013}]}]}"),
     LD_KUBE_PASSAGE_OPEN, NULL, NULL},
    {"behind the end of a range",
     POLICY("range",
            "{" ALL "," EGRESS ",\"egress\":[{\"ports\":[{\"port\":8000,\"endPort\":8012}]}]}"),
     LD_KUBE_PASSAGE_BLOCKED, "range", "egress"},
    {"peer and port must be of one rule",
     POLICY("two", "{" APP "," EGRESS ",\"egress\":[{\"to\":[{" FLAGD
                   "}],\"ports\":[{\"port\":53}]},{\"to\":[{" APP "}]}]}"),
     LD_KUBE_PASSAGE_BLOCKED, "two", "egress"},
    /* selectors */
    {"in a set",
     POLICY("in", "{\"podSelector\":{\"matchExpressions\":[{\"key\":\"app\",\"operator\":\"In\","
                  "\"values\":[\"cart\",\"checkout\"]}]}," EGRESS "}"),
     LD_KUBE_PASSAGE_BLOCKED, "in", "egress"},
    {"not in a set",
     POLICY("notin", "{\"podSelector\":{\"matchExpressions\":[{\"key\":\"app\",\"operator\":"
                     "\"NotIn\",\"values\":[\"checkout\"]}]}," EGRESS "}"),
     LD_KUBE_PASSAGE_OPEN, NULL, NULL},
    {"a label that is not there is not in any set",
     POLICY("notin", "{\"podSelector\":{\"matchExpressions\":[{\"key\":\"zone\",\"operator\":"
                     "\"NotIn\",\"values\":[\"a\"]}]}," EGRESS "}"),
     LD_KUBE_PASSAGE_BLOCKED, "notin", "egress"},
    {"a label exists",
     POLICY("exists", "{\"podSelector\":{\"matchExpressions\":[{\"key\":\"tier\",\"operator\":"
                      "\"Exists\"}]}," EGRESS "}"),
     LD_KUBE_PASSAGE_BLOCKED, "exists", "egress"},
    {"a label does not exist",
     POLICY("absent", "{\"podSelector\":{\"matchExpressions\":[{\"key\":\"tier\",\"operator\":"
                      "\"DoesNotExist\"}]}," EGRESS "}"),
     LD_KUBE_PASSAGE_OPEN, NULL, NULL},
    {"labels and expressions must both hold",
     POLICY("both", "{\"podSelector\":{\"matchLabels\":{\"app\":\"checkout\"},\"matchExpressions\":"
                    "[{\"key\":\"tier\",\"operator\":\"DoesNotExist\"}]}," EGRESS "}"),
     LD_KUBE_PASSAGE_OPEN, NULL, NULL},
    {"an operator that is newer than this",
     POLICY("new", "{\"podSelector\":{\"matchExpressions\":[{\"key\":\"tier\",\"operator\":"
                   "\"Like\",\"values\":[\"b\"]}]}," EGRESS "}"),
     LD_KUBE_PASSAGE_UNKNOWN, "new", "egress"},
    /* namespaces and addresses */
    {"pods of all namespaces",
     POLICY("ns", "{" ALL "," EGRESS ",\"egress\":[{\"to\":[{\"namespaceSelector\":{}}]}]}"),
     LD_KUBE_PASSAGE_OPEN, NULL, NULL},
    {"the namespace by its name, which each has as a label",
     POLICY("ns",
            "{" ALL "," EGRESS ",\"egress\":[{\"to\":[{\"namespaceSelector\":{\"matchLabels\":"
            "{\"kubernetes.io/metadata.name\":\"otel-demo\"}}}]}]}"),
     LD_KUBE_PASSAGE_OPEN, NULL, NULL},
    {"another namespace by its name",
     POLICY("ns",
            "{" ALL "," EGRESS ",\"egress\":[{\"to\":[{\"namespaceSelector\":{\"matchLabels\":"
            "{\"kubernetes.io/metadata.name\":\"kube-system\"}}}]}]}"),
     LD_KUBE_PASSAGE_BLOCKED, "ns", "egress"},
    {"other labels of the namespace are not known",
     POLICY("ns",
            "{" ALL "," EGRESS ",\"egress\":[{\"to\":[{\"namespaceSelector\":{\"matchLabels\":"
            "{\"team\":\"a\"}}}]}]}"),
     LD_KUBE_PASSAGE_UNKNOWN, "ns", "egress"},
    {"but not these pods of it, whatever it is",
     POLICY("ns",
            "{" ALL "," EGRESS ",\"egress\":[{\"to\":[{\"namespaceSelector\":{\"matchLabels\":"
            "{\"team\":\"a\"}},\"podSelector\":{\"matchLabels\":{\"app\":\"cart\"}}}]}]}"),
     LD_KUBE_PASSAGE_BLOCKED, "ns", "egress"},
    {"addresses are not pods",
     POLICY("ip",
            "{" ALL "," EGRESS ",\"egress\":[{\"to\":[{\"ipBlock\":{\"cidr\":\"10.0.0.0/8\"}}]}]}"),
     LD_KUBE_PASSAGE_UNKNOWN, "ip", "egress"},
    {"addresses for another port do not matter",
     POLICY("ip",
            "{" ALL "," EGRESS ",\"egress\":[{\"to\":[{\"ipBlock\":{\"cidr\":\"10.0.0.0/8\"}}]"
            ",\"ports\":[{\"port\":53}]}]}"),
     LD_KUBE_PASSAGE_BLOCKED, "ip", "egress"},
    {"what one leaves open another allows",
     POLICY("ip", "{" ALL "," EGRESS ",\"egress\":[{\"to\":[{\"ipBlock\":{\"cidr\":\"10.0.0.0/"
                  "8\"}}]}]}") "," POLICY("all", "{" APP "," EGRESS ",\"egress\":[{}]}"),
     LD_KUBE_PASSAGE_OPEN, NULL, NULL},
    {"what one blocks for sure wins over what another leaves open",
     POLICY("ip", "{" FLAGD "," INGRESS ",\"ingress\":[{\"from\":[{\"ipBlock\":{\"cidr\":\"10.0.0."
                  "0/8\"}}]}]}") "," POLICY("deny", "{" APP "," EGRESS "}"),
     LD_KUBE_PASSAGE_BLOCKED, "deny", "egress"},
    {"the one that is not sure is named, not the one beside it",
     POLICY("deny", "{" ALL "," EGRESS "}") "," POLICY(
         "ip",
         "{" ALL "," EGRESS ",\"egress\":[{\"to\":[{\"ipBlock\":{\"cidr\":\"10.0.0.0/8\"}}]}]}"),
     LD_KUBE_PASSAGE_UNKNOWN, "ip", "egress"},
};

static leakdiag_status read_list(const char *text, ld_kube_policies *ret, leakdiag_error *err)
{
    const ld_answer answer = {.method = "GET",
                              .status = 200,
                              .content_type = "application/json",
                              .body = text,
                              .len = strlen(text)};
    return ld_kube_read_policies(&asked, &answer, ret, err);
}

START_TEST(policies_add_up_as_the_api_says_and_what_hangs_on_more_is_unknown)
{
    char text[2048];
    ld_kube_policies policies;
    ld_kube_passage said;
    leakdiag_error err = {0};
    const ld_kube_way way = {&app, &flagd, "otel-demo", 8013};
    snprintf(text, sizeof text, LIST("%s"), table[_i].items);
    ck_assert_msg(read_list(text, &policies, &err) == LEAKDIAG_OK, "%s: %s", table[_i].what,
                  err.message);
    ld_kube_policies_judge(&policies, &way, &said);
    ck_assert_msg(said.verdict == table[_i].verdict, "%s: verdict %d, policy %s", table[_i].what,
                  (int)said.verdict, said.policy ? said.policy : "none");
    ck_assert_pstr_eq(said.policy, table[_i].policy);
    if (table[_i].direction)
        ck_assert_str_eq(said.direction, table[_i].direction);
    ld_kube_policies_done(&policies);
}
END_TEST

START_TEST(what_is_no_whole_list_of_policies_says_nothing)
{
    static const struct {
        const char *text;
        leakdiag_status status;
    } wrong[] = {
        {"{\"kind\":\"PodList\",\"items\":[]}", LEAKDIAG_E_PROTOCOL},
        {"{\"kind\":\"NetworkPolicyList\",\"metadata\":{\"continue\":\"x\"},\"items\":[]}",
         LEAKDIAG_E_LIMIT},
        {"{\"kind\":\"NetworkPolicyList\",\"items\":{}}", LEAKDIAG_E_PROTOCOL},
        {"<html>", LEAKDIAG_E_PROTOCOL},
    };
    leakdiag_error err = {0};
    ld_kube_policies policies = {0};
    ck_assert_int_eq(read_list(wrong[_i].text, &policies, &err), wrong[_i].status);
    ck_assert_msg(strstr(err.message, "networkpolicies") != NULL, "%s", err.message);
    ck_assert_ptr_null(policies.json);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("wire_kube_policy");
    TCase *cases = tcase_create("policies");
    tcase_add_loop_test(cases, policies_add_up_as_the_api_says_and_what_hangs_on_more_is_unknown, 0,
                        (int)COUNT(table));
    tcase_add_loop_test(cases, what_is_no_whole_list_of_policies_says_nothing, 0, 4);
    suite_add_tcase(suite, cases);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
