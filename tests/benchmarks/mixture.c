/* ADBench's Gaussian mixture: the logarithm of the posterior and its gradient.

   Samples are the inner loop, so that a vector register holds a number of eight samples, and they
   come in blocks that stay in the first cache. Sizes are constants: D, K and N. The layout of `icf`
   is told in inputs.py. */

#include <math.h>
#include <string.h>

#define WIDE 5 /* registers of a block */
#define BLOCK (8 * WIDE)
#define ICF (D * (D + 1) / 2)
#define BELOW(j, i) (D + i * (2 * D - i - 1) / 2 + j - i - 1) /* where row j, column i stands */

typedef double Lanes __attribute__((vector_size(64)));
typedef union {
    Lanes wide[WIDE];
    double at[BLOCK];
} Row; /* one number of each sample of a block */

static double diagonal[K][D], sum_logs[K], log_normal;

static inline double total(Lanes x) {
    return ((x[0] + x[1]) + (x[2] + x[3])) + ((x[4] + x[5]) + (x[6] + x[7]));
}

/* What does not depend on a sample; the prior's part of the gradient is written, not added. */
static double prior(const double *alphas, const double *icf, double gamma, double m,
                    double *d_alphas, double *d_icf) {
    double highest = alphas[0], sum = 0, cost = 0;
    for (int k = 1; k < K; k++) highest = alphas[k] > highest ? alphas[k] : highest;
    for (int k = 0; k < K; k++) sum += exp(alphas[k] - highest);
    log_normal = highest + log(sum);
    for (int k = 0; k < K; k++) {
        const double *q = icf + k * ICF;
        double *dq = d_icf + k * ICF, squares = 0;
        d_alphas[k] = -N * exp(alphas[k] - log_normal);
        sum_logs[k] = 0;
        for (int i = 0; i < D; i++) {
            diagonal[k][i] = exp(q[i]);
            sum_logs[k] += q[i];
            squares += diagonal[k][i] * diagonal[k][i];
            dq[i] = gamma * gamma * diagonal[k][i] * diagonal[k][i] - m;
        }
        for (int i = D; i < ICF; i++) {
            squares += q[i] * q[i];
            dq[i] = gamma * gamma * q[i];
        }
        cost += 0.5 * gamma * gamma * squares - m * sum_logs[k];
    }
    return cost;
}

/* The terms of one block under component k, y = Q (x - mean) on the way. */
static void forward(int k, double alpha, const double *mean, const double *q, const Row *x, Row *y,
                    Row *term) {
    Lanes half_square[WIDE] = {0};
    for (int j = 0; j < D; j++) {
        Lanes row[WIDE];
        for (int s = 0; s < WIDE; s++) row[s] = diagonal[k][j] * (x[j].wide[s] - mean[j]);
        for (int i = 0; i < j; i++)
            for (int s = 0; s < WIDE; s++) row[s] += q[BELOW(j, i)] * (x[i].wide[s] - mean[i]);
        for (int s = 0; s < WIDE; s++) half_square[s] += 0.5 * row[s] * row[s];
        for (int s = 0; s < WIDE; s++) y[j].wide[s] = row[s];
    }
    for (int s = 0; s < WIDE; s++) term->wide[s] = alpha + sum_logs[k] - half_square[s];
}

/* Σ log Σ exp(terms) of the block; each term becomes its share, which is its derivative. */
static double shares(int count, Row *terms) {
    double highest[BLOCK], sum[BLOCK] = {0}, cost = 0;
    for (int s = 0; s < BLOCK; s++) highest[s] = terms[0].at[s];
    for (int k = 1; k < K; k++)
        for (int s = 0; s < BLOCK; s++)
            highest[s] = terms[k].at[s] > highest[s] ? terms[k].at[s] : highest[s];
    for (int k = 0; k < K; k++)
        for (int s = 0; s < BLOCK; s++) sum[s] += terms[k].at[s] = exp(terms[k].at[s] - highest[s]);
    for (int s = 0; s < count; s++) cost += highest[s] + log(sum[s]);
    for (int s = 0; s < BLOCK; s++) sum[s] = s < count ? 1 / sum[s] : 0;
    for (int k = 0; k < K; k++)
        for (int s = 0; s < BLOCK; s++) terms[k].at[s] *= sum[s];
    return cost;
}

/* Adds what one block gives to the gradient by component k. */
static void backward(int k, const double *mean, const double *q, const Row *x, const Row *y,
                     const Row *share, double *d_alpha, double *d_mean, double *dq) {
    Row d_row[D], away[D];
    Lanes shared = {0};
    for (int s = 0; s < WIDE; s++) shared += share->wide[s];
    *d_alpha += total(shared);
    for (int i = 0; i < D; i++)
        for (int s = 0; s < WIDE; s++) {
            d_row[i].wide[s] = -share->wide[s] * y[i].wide[s];
            away[i].wide[s] = x[i].wide[s] - mean[i];
        }
    for (int i = 0; i < D; i++) {
        Lanes own = {0}, by_mean = {0};
        for (int s = 0; s < WIDE; s++) {
            own += d_row[i].wide[s] * away[i].wide[s];
            by_mean += diagonal[k][i] * d_row[i].wide[s];
        }
        dq[i] += total(own) * diagonal[k][i] + total(shared);
        for (int j = i + 1; j < D; j++) {
            Lanes below = {0};
            for (int s = 0; s < WIDE; s++) {
                below += d_row[j].wide[s] * away[i].wide[s];
                by_mean += q[BELOW(j, i)] * d_row[j].wide[s];
            }
            dq[BELOW(j, i)] += total(below);
        }
        d_mean[i] -= total(by_mean);
    }
}

/* `constant` is what depends on the sizes only; the gradients are written. */
double posterior(const double *alphas, const double *means, const double *icf, const double *X,
                 double gamma, double m, double constant, double *d_alphas, double *d_means,
                 double *d_icf) {
    static Row x[D], y[K][D], terms[K];
    double cost = constant + prior(alphas, icf, gamma, m, d_alphas, d_icf) - N * log_normal;
    memset(d_means, 0, K * D * sizeof(double));
    for (int start = 0; start < N; start += BLOCK) {
        int count = N - start < BLOCK ? N - start : BLOCK;
        for (int s = 0; s < count; s++)
            for (int i = 0; i < D; i++) x[i].at[s] = X[(start + s) * D + i];
        for (int k = 0; k < K; k++)
            forward(k, alphas[k], means + k * D, icf + k * ICF, x, y[k], terms + k);
        cost += shares(count, terms);
        for (int k = 0; k < K; k++)
            backward(k, means + k * D, icf + k * ICF, x, y[k], terms + k, d_alphas + k,
                     d_means + k * D, d_icf + k * ICF);
    }
    return cost;
}
