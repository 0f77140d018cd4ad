/* A network of three layers with relu between: the loss and its gradient by every parameter.

   Samples are the inner loop, so that a vector register holds a number of eight samples; sizes are
   constants: SAMPLES, W0 to W3 (the widths) and HINGE (1, or 0 for softmax cross-entropy). A
   neuron's parameters are its weights and then its bias. */

#include <math.h>

#define BLOCKS ((SAMPLES + 7) / 8) /* the samples beyond SAMPLES count for nothing */
#define INLINE static inline __attribute__((always_inline))
#define TILE 4 /* weights whose gradients are summed side by side, to hide the latency */

typedef double Lanes __attribute__((vector_size(64)));
typedef union {
    Lanes block[BLOCKS];
    double at[8 * BLOCKS];
} Row; /* one number of each sample */

static Row x0[W0], x1[W1], x2[W2], x3[W3]; /* what each layer is given, and the scores */
static Row d1[W1], d2[W2], d3[W3];         /* the loss's derivatives by the same */
static double targets[SAMPLES];

INLINE double total(Lanes x) {
    return ((x[0] + x[1]) + (x[2] + x[3])) + ((x[4] + x[5]) + (x[6] + x[7]));
}

INLINE Lanes positive(Lanes x, Lanes gate) { return (Lanes)((gate > 0) & (typeof(gate > 0))x); }

INLINE void forward(int in, int out, int relu, const double *parameters, Row *x, Row *y) {
    for (int j = 0; j < out; j++) {
        const double *w = parameters + j * (in + 1);
        Lanes sum[BLOCKS];
        for (int b = 0; b < BLOCKS; b++) sum[b] = (Lanes){0} + w[in];
        for (int i = 0; i < in; i++)
            for (int b = 0; b < BLOCKS; b++) sum[b] += w[i] * x[i].block[b];
        for (int b = 0; b < BLOCKS; b++) y[j].block[b] = relu ? positive(sum[b], sum[b]) : sum[b];
    }
}

/* From dy, the derivatives by a layer's outputs, those by its parameters. */
INLINE void by_parameters(int in, int out, Row *x, Row *dy, double *gradient) {
    for (int j = 0; j < out; j++) {
        double *g = gradient + j * (in + 1);
        Lanes bias = {0};
        for (int b = 0; b < BLOCKS; b++) bias += dy[j].block[b];
        g[in] = total(bias);
        for (int i = 0; i < in; i += TILE) {
            Lanes sum[TILE] = {0};
            for (int b = 0; b < BLOCKS; b++)
                for (int t = 0; t < TILE && i + t < in; t++)
                    sum[t] += dy[j].block[b] * x[i + t].block[b];
            for (int t = 0; t < TILE && i + t < in; t++) g[i + t] = total(sum[t]);
        }
    }
}

/* Those by its inputs, which relu has made. */
INLINE void by_inputs(int in, int out, const double *parameters, Row *x, Row *dy, Row *dx) {
    for (int i = 0; i < in; i++) {
        Lanes sum[BLOCKS] = {0};
        for (int j = 0; j < out; j++)
            for (int b = 0; b < BLOCKS; b++)
                sum[b] += parameters[j * (in + 1) + i] * dy[j].block[b];
        for (int b = 0; b < BLOCKS; b++) dx[i].block[b] = positive(sum[b], x[i].block[b]);
    }
}

INLINE double hinge(void) {
    double cost = 0;
    for (int s = 0; s < SAMPLES; s++) {
        double margin = 1 - targets[s] * x3[0].at[s];
        cost += margin > 0 ? margin : 0;
        d3[0].at[s] = margin > 0 ? -targets[s] / SAMPLES : 0;
    }
    return cost / SAMPLES;
}

INLINE double cross_entropy(void) {
    double cost = 0;
    for (int s = 0; s < SAMPLES; s++) {
        double highest = x3[0].at[s], sum = 0;
        for (int j = 1; j < W3; j++) highest = x3[j].at[s] > highest ? x3[j].at[s] : highest;
        for (int j = 0; j < W3; j++) sum += d3[j].at[s] = exp(x3[j].at[s] - highest);
        for (int j = 0; j < W3; j++) d3[j].at[s] /= sum * SAMPLES;
        int label = targets[s];
        d3[label].at[s] -= 1.0 / SAMPLES;
        cost += highest + log(sum) - x3[label].at[s];
    }
    return cost / SAMPLES;
}

void set_samples(const double *X, const double *y) {
    for (int s = 0; s < SAMPLES; s++) {
        for (int i = 0; i < W0; i++) x0[i].at[s] = X[s * W0 + i];
        targets[s] = y[s];
    }
}

static __attribute__((noinline)) double step(const double *parameters, double decay,
                                             double *gradient) {
    enum { FIRST = W1 * (W0 + 1), SECOND = W2 * (W1 + 1), ALL = FIRST + SECOND + W3 * (W2 + 1) };
    const double *p2 = parameters + FIRST, *p3 = p2 + SECOND;
    double *g2 = gradient + FIRST, *g3 = g2 + SECOND;
    forward(W0, W1, 1, parameters, x0, x1);
    forward(W1, W2, 1, p2, x1, x2);
    forward(W2, W3, 0, p3, x2, x3);
    double loss = HINGE ? hinge() : cross_entropy();
    by_parameters(W2, W3, x2, d3, g3);
    by_inputs(W2, W3, p3, x2, d3, d2);
    by_parameters(W1, W2, x1, d2, g2);
    by_inputs(W1, W2, p2, x1, d2, d1);
    by_parameters(W0, W1, x0, d1, gradient);
    if (!decay) return loss;
    double squares = 0;
    for (int i = 0; i < ALL; i++) {
        squares += parameters[i] * parameters[i];
        gradient[i] += 2 * decay * parameters[i];
    }
    return loss + decay * squares;
}

double steps(int count, const double *parameters, double decay, double *gradient) {
    double loss = 0;
    for (int i = 0; i < count; i++) {
        loss = step(parameters, decay, gradient);
        __asm__ volatile("" ::: "memory"); /* or all steps but the last are left out */
    }
    return loss;
}
