package dev.millrace.model.network;

import dev.millrace.feature.FeatureSpec;
import dev.millrace.model.ModelSettings;
import java.util.ArrayList;
import java.util.List;

/** The slow, obvious twin of a tower's network in double precision, one row at a time, straight from the settings. */
public final class NetworkReference {

    private final ModelSettings settings;
    private final List<FeatureSpec> features;
    private final boolean isUser;

    public NetworkReference(ModelSettings settings, boolean isUser) {
        this.settings = settings;
        this.features = isUser ? settings.user() : settings.item();
        this.isUser = isUser;
    }

    /**
     * @param tensors of the whole tower
     * @param input [inputs]
     * @return [channels][dim] output of each channel, with the skip path, not normalised
     */
    public List<double[]> channels(double[][] tensors, double[] input) {
        TowerSettings towers = settings.towers();
        int next = 0;
        double[] fields = input;
        if (isUser ? towers.senet().user() : towers.senet().item()) {
            double[] z = new double[features.size()];
            int at = 0;
            for (int f = 0; f < z.length; f++) {
                for (int d = 0; d < features.get(f).dim(); d++) {
                    z[f] += input[at++] / features.get(f).dim();
                }
            }
            double[] a = dense(
                    dense(z, tensors[0], tensors[1], towers.senet().hidden()),
                    tensors[2],
                    tensors[3],
                    towers.senet().weight());
            next = 4;
            fields = new double[input.length];
            at = 0;
            for (int f = 0; f < z.length; f++) {
                for (int d = 0; d < features.get(f).dim(); d++) {
                    fields[at] = a[f] * input[at];
                    at++;
                }
            }
        }
        double[] shared = fields;
        for (int layer = 0; layer < towers.sharedBottom().size(); layer++) {
            shared = dense(shared, tensors[next], tensors[next + 1], towers.activation());
            next += 2;
        }
        List<double[]> outputs = new ArrayList<>();
        for (TowerSettings.Channel channel : towers.channels()) {
            double[] x = fields;
            switch (channel.kind()) {
                case DL4J -> throw new IllegalArgumentException("DL4J's networks are its own");
                case MLP -> {
                    x = shared;
                    int hidden = (isUser ? towers.userHidden() : towers.itemHidden()).size();
                    for (int layer = 0; layer < hidden; layer++) {
                        x = dense(x, tensors[next], tensors[next + 1], towers.activation());
                        next += 2;
                    }
                }
                case CROSS -> {
                    for (int layer = 0; layer < towers.crossDepth(); layer++) {
                        double[] u = dense(x, tensors[next], tensors[next + 1], Activation.IDENTITY);
                        for (int d = 0; d < u.length; d++) {
                            u[d] = fields[d] * u[d] + x[d];
                        }
                        x = u;
                        next += 2;
                    }
                }
                case FM -> {
                    // the sum over all pairs, not the identity that makes it cheap
                    double[] q = new double[settings.dim()];
                    List<double[]> wide = wide(fields, false);
                    for (int one = 0; one < wide.size(); one++) {
                        for (int other = one + 1; other < wide.size(); other++) {
                            for (int d = 0; d < q.length; d++) {
                                q[d] += wide.get(one)[d] * wide.get(other)[d];
                            }
                        }
                    }
                    x = q;
                }
            }
            double[] out = dense(x, tensors[next], tensors[next + 1], Activation.IDENTITY);
            next += 2;
            if (towers.skip()) {
                for (double[] row : wide(fields, true)) {
                    for (int d = 0; d < out.length; d++) {
                        out[d] += row[d];
                    }
                }
            }
            outputs.add(out);
        }
        return outputs;
    }

    /** Fields as wide as a channel. */
    private List<double[]> wide(double[] fields, boolean hasRows) {
        List<double[]> wide = new ArrayList<>();
        int at = 0;
        for (FeatureSpec feature : features) {
            if (feature.dim() == settings.dim() && (!hasRows || feature.hasRows())) {
                wide.add(java.util.Arrays.copyOfRange(fields, at, at + feature.dim()));
            }
            at += feature.dim();
        }
        return wide;
    }

    private static double[] dense(double[] in, double[] matrix, double[] bias, Activation activation) {
        double[] out = bias.clone();
        for (int o = 0; o < out.length; o++) {
            for (int i = 0; i < in.length; i++) {
                out[o] += in[i] * matrix[i * out.length + o];
            }
            out[o] = activate(activation, out[o]);
        }
        return out;
    }

    static double activate(Activation activation, double x) {
        return switch (activation) {
            case RELU -> Math.max(0, x);
            case LEAKY_RELU -> x > 0 ? x : x / 100;
            case TANH -> Math.tanh(x);
            case GELU -> x / 2 * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * Math.pow(x, 3))));
            case SIGMOID -> 1 / (1 + Math.exp(-x));
            case TWICE_SIGMOID -> 2 / (1 + Math.exp(-x));
            case IDENTITY -> x;
        };
    }
}
