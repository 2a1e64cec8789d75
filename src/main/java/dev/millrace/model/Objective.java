package dev.millrace.model;

/**
 * What a step minimises, as a function of the vectors: their loss, and its gradients with respect to them. One thread.
 *
 * <p>The order of the formulas: inner products / temperature → constants (popularity, log Q) → softmax → back the same way.
 */
final class Objective {

    private final ModelSettings.Loss settings;
    private final int dim;
    private final InBatchSoftmax softmax = new InBatchSoftmax();
    private float[] scores = new float[0];
    private float[] userGradients = new float[0];
    private float[] itemGradients = new float[0];

    /** @param dim width of the vectors */
    Objective(ModelSettings.Loss settings, int dim) {
        this.settings = settings;
        this.dim = dim;
    }

    /**
     * Loss and gradients of a batch.
     *
     * @param users [examples, dim] unit-length vectors, row-major
     * @param items [candidates, dim] unit-length vectors, row-major
     * @param weights [examples] of the examples
     * @return mean loss
     */
    double toGradients(float[] users, float[] items, Candidates candidates, float[] weights) {
        int examples = weights.length;
        int count = candidates.items().size();
        float inverseTemperature = (float) (1 / settings.temperature());
        scores = room(scores, examples * count);
        userGradients = room(userGradients, examples * dim);
        itemGradients = room(itemGradients, count * dim);
        Nd4jKernel.Products.multiplyTransposedRight(users, items, scores, examples, dim, count, inverseTemperature);
        double loss = softmax.toGradient(scores, candidates, weights);
        Nd4jKernel.Products.multiply(scores, items, userGradients, examples, count, dim, inverseTemperature);
        Nd4jKernel.Products.multiplyTransposedLeft(
                scores, users, itemGradients, count, examples, dim, inverseTemperature);
        return loss;
    }

    /** [examples, dim] dL/dusers, valid until the next call. */
    float[] userGradients() {
        return userGradients;
    }

    /** [candidates, dim] dL/ditems, valid until the next call. */
    float[] itemGradients() {
        return itemGradients;
    }

    static float[] room(float[] array, int length) {
        return array.length >= length ? array : new float[length];
    }
}
