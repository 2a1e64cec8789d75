package dev.millrace.page;

import java.util.List;

/**
 * The plane in which a set of vectors spreads most (principal components, Pearson 1901), found by subspace iteration: a round costs two
 * passes over the vectors, and no matrix is made.
 *
 * <p>The iteration begins with the axes of the plane before, so that axes turn with the vectors and do not flip.
 */
final class PrincipalPlane {

    private static final int ROUNDS = 30;

    private final double[] mean;
    private final double[][] axes;

    private PrincipalPlane(double[] mean, double[][] axes) {
        this.mean = mean;
        this.axes = axes;
    }

    /** The plane of the first two axes of a space, from which the first iteration begins. */
    static PrincipalPlane first(int dim) {
        double[][] axes = new double[2][dim];
        for (int at = 0; at < dim; at++) { // neither axis is at a right angle to a component
            axes[0][at] = 1.0 / (at + 1);
            axes[1][at] = at % 2 == 0 ? 1 : -1;
        }
        return new PrincipalPlane(new double[dim], axes);
    }

    /** @param vectors each [dim], at least one */
    PrincipalPlane next(List<float[]> vectors) {
        int dim = mean.length;
        double[] centre = new double[dim];
        for (float[] vector : vectors) {
            for (int at = 0; at < dim; at++) {
                centre[at] += vector[at] / vectors.size();
            }
        }
        double[][] turned = {axes[0].clone(), axes[1].clone()};
        for (int round = 0; round < ROUNDS; round++) {
            double[] x = unit(spread(vectors, centre, turned[0]), turned[0]);
            double[] y = spread(vectors, centre, turned[1]);
            double along = inner(x, y);
            for (int at = 0; at < dim; at++) {
                y[at] -= along * x[at];
            }
            turned = new double[][] {x, unit(y, turned[1])};
        }
        return new PrincipalPlane(centre, turned);
    }

    /** Where a vector lies along an axis of the plane, 0 or 1. */
    double along(int axis, float[] vector) {
        double sum = 0;
        for (int at = 0; at < mean.length; at++) {
            sum += (vector[at] - mean[at]) * axes[axis][at];
        }
        return sum;
    }

    /** Xᵀ(X·axis), where the rows of X are the vectors less their mean. */
    private static double[] spread(List<float[]> vectors, double[] centre, double[] axis) {
        double[] sum = new double[axis.length];
        double[] row = new double[axis.length];
        for (float[] vector : vectors) {
            for (int at = 0; at < row.length; at++) {
                row[at] = vector[at] - centre[at];
            }
            double along = inner(row, axis);
            for (int at = 0; at < row.length; at++) {
                sum[at] += along * row[at];
            }
        }
        return sum;
    }

    /** The vector at length 1; {@code otherwise} if it has none, as all vectors lie on a point or a line. */
    private static double[] unit(double[] vector, double[] otherwise) {
        double length = Math.sqrt(inner(vector, vector));
        if (length < 1e-12) {
            return otherwise;
        }
        double[] unit = new double[vector.length];
        for (int at = 0; at < unit.length; at++) {
            unit[at] = vector[at] / length;
        }
        return unit;
    }

    private static double inner(double[] one, double[] other) {
        double sum = 0;
        for (int at = 0; at < one.length; at++) {
            sum += one[at] * other[at];
        }
        return sum;
    }
}
