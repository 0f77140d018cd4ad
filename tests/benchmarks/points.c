/* The two expressions of expressions.py at n points: the value and the derivatives by a, b and c.

   The derivatives are the reverse sweep by hand. */

#include <math.h>

#define HALF_PI 1.5707963267948966 /* cos is written as sin: a cos beside the sin of the same
                                      number becomes a call for both, which has no vector form */

void transcendental(long n, const double *restrict as, const double *restrict bs,
                    const double *restrict cs, double *restrict f, double *restrict fa,
                    double *restrict fb, double *restrict fc) {
    for (long i = 0; i < n; i++) {
        double a = as[i], b = bs[i], c = cs[i];
        double s = sin(a * b), t = tanh(b + c), e = exp(-0.5 * (a * a)), g = log(1 + c * c);
        double p = s * t + e * g, over = 2 + p * p, q = (a - c) / over, r = p * q + s;
        double w = r * r - t * g, x = w * q + e;
        f[i] = x * r + 0.5 * (p * g) - b * t;
        double dw = r * q, dr = x + dw * 2 * r, dq = r * w + dr * p;
        double dp = 0.5 * g + dr * q - dq / over * q * 2 * p;
        double ds = dr + dp * t, de = r + dp * g, dg = 0.5 * p - dw * t + dp * e;
        double dt = dp * s - b - dw * g;
        double dab = ds * sin(a * b + HALF_PI), dbc = dt * (1 - t * t);
        fa[i] = dq / over - de * e * a + dab * b;
        fb[i] = dbc - t + dab * a;
        fc[i] = dbc - dq / over + dg * 2 * c / (1 + c * c);
    }
}

void arithmetic(long n, const double *restrict as, const double *restrict bs,
                const double *restrict cs, double *restrict f, double *restrict fa,
                double *restrict fb, double *restrict fc) {
    for (long i = 0; i < n; i++) {
        double a = as[i], b = bs[i], c = cs[i];
        double u = a * b + c, v = b * c - a, w = u * v + 1.5, x = (u - v) * (a + b);
        double y = w * x + u * u, z = y * v - x * c, over = 2 + y * y, g = z / over;
        double ga = g + a, gb = g - b, h = ga * gb, k = h * u + w * c;
        f[i] = k * g - 0.25 * (x * y) + v * a;
        double dh = g * u, dg = k + dh * (ga + gb), dz = dg / over;
        double dy = -0.25 * x - dz * g * 2 * y + dz * v;
        double dx = -0.25 * y - dz * c + dy * w, dw = g * c + dy * x;
        double du = g * h + dy * 2 * u + dx * (a + b) + dw * v;
        double dv = a + dz * y - dx * (a + b) + dw * u;
        double dab = dx * (u - v);
        fa[i] = v + dh * gb + dab - dv + du * b;
        fb[i] = -dh * ga + dab + dv * c + du * a;
        fc[i] = g * w - dz * x + dv * b + du;
    }
}
