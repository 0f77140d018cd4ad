/* The gradient of Rosenbrock's function in n dimensions. */

__attribute__((noinline)) void rosenbrock_gradient(int n, const double *restrict x,
                                                   double *restrict g) {
    for (int i = 0; i < n; i++) {
        double before = i > 0 ? 200 * (x[i] - x[i - 1] * x[i - 1]) : 0;
        double after = i < n - 1 ? -400 * x[i] * (x[i + 1] - x[i] * x[i]) - 2 * (1 - x[i]) : 0;
        g[i] = before + after;
    }
}

void rosenbrock_gradients(int count, int n, const double *x, double *g) {
    for (int i = 0; i < count; i++) {
        rosenbrock_gradient(n, x, g);
        __asm__ volatile("" ::: "memory"); /* or all calls but the last are left out */
    }
}
