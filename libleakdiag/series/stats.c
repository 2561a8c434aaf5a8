#include "series/stats.h"

#include <math.h>
#include <stdlib.h>

static int compare_doubles(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static void swap(double *a, double *b)
{
    double kept = *a;
    *a = *b;
    *b = kept;
}

static double middle_of(double a, double b, double c)
{
    if (a > b)
        swap(&a, &b);
    if (b > c)
        b = c;
    return a > b ? a : b;
}

/* Puts the k-th smallest at v[k], smaller ones before it, larger ones behind. */
static void place_kth(double *v, size_t n, size_t k)
{
    size_t from = 0, to = n;
    for (int rounds = 0; to - from > 16; rounds++) {
        if (rounds == 64) /* a hostile order: sorting bounds the time */
            break;
        double pivot = middle_of(v[from], v[from + (to - from) / 2], v[to - 1]);
        size_t less = from, at = from, greater = to;
        while (at < greater) {
            if (v[at] < pivot)
                swap(&v[at++], &v[less++]);
            else if (v[at] > pivot)
                swap(&v[at], &v[--greater]);
            else
                at++;
        }
        if (k < less)
            to = less;
        else if (k >= greater)
            from = greater;
        else
            return;
    }
    qsort(v + from, to - from, sizeof *v, compare_doubles);
}

double ld_quantile(double *v, size_t n, double p)
{
    double place = p * (double)(n - 1);
    size_t k = (size_t)floor(place);
    double part = place - (double)k;
    place_kth(v, n, k);
    if (part <= 0 || k + 1 >= n)
        return v[k];
    double next = v[k + 1];
    for (size_t i = k + 2; i < n; i++)
        next = v[i] < next ? v[i] : next;
    return v[k] + part * (next - v[k]);
}

double ld_median(double *v, size_t n)
{
    return ld_quantile(v, n, 0.5);
}

double ld_theil_sen(const double *t, const double *x, size_t n, double *scratch)
{
    size_t pairs = 0;
    for (size_t i = 0; i < n; i++)
        for (size_t j = i + 1; j < n; j++)
            if (t[j] > t[i])
                scratch[pairs++] = (x[j] - x[i]) / (t[j] - t[i]);
    return pairs > 0 ? ld_median(scratch, pairs) : 0;
}

double ld_kendall_tau(const double *x, size_t n)
{
    double balance = 0;
    for (size_t i = 0; i < n; i++)
        for (size_t j = i + 1; j < n; j++)
            balance += (x[j] > x[i]) - (x[j] < x[i]);
    return n > 1 ? balance / ((double)n * (double)(n - 1) / 2) : 0;
}

/* exp() of the C library differs in its last bit between machines. */
double ld_exp(double x)
{
    static const double ln2_high = 6.93147180369123816490e-01, ln2_low = 1.90821492927058770002e-10;
    if (x > 700)
        x = 700;
    if (x < -700)
        return 0;
    double halvings = floor(x / ln2_high + 0.5);
    double rest = (x - halvings * ln2_high) - halvings * ln2_low;
    double sum = 1;
    for (int i = 13; i > 0; i--)
        sum = 1 + sum * rest / i;
    return ldexp(sum, (int)halvings);
}

ld_line ld_least_squares(const double *t, const double *x, size_t n)
{
    double t_mean = 0, x_mean = 0, tt = 0, tx = 0;
    for (size_t i = 0; i < n; i++) {
        t_mean += t[i];
        x_mean += x[i];
    }
    t_mean /= (double)n;
    x_mean /= (double)n;
    for (size_t i = 0; i < n; i++) {
        tt += (t[i] - t_mean) * (t[i] - t_mean);
        tx += (t[i] - t_mean) * (x[i] - x_mean);
    }
    double slope = tt > 0 ? tx / tt : 0;
    return (ld_line){.at0 = x_mean - slope * t_mean, .slope = slope};
}

size_t ld_random_below(ld_random *random, size_t n)
{
    random->state = random->state * 6364136223846793005u + 1442695040888963407u;
    return (size_t)((random->state >> 33) % n);
}
