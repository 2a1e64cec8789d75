package dev.millrace.batch;

import dev.millrace.attribute.TrainingExample;
import dev.millrace.state.EntrySink;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Draws a batch's negatives: those of every example kind by kind, in one order, and those of one example alone.
 *
 * <p>The constructor lists the kinds. A kind of {@link WeightedDraws} or {@link PairedDraws} is added there and nowhere
 * else: the log holds one number and one log-probability for all weighted kinds together.
 */
final class NegativeSource {

    /** Streams of a batch's random numbers, one for each kind; the model's begin at 16. */
    private static final int UNIFORM = 1;

    private static final int POPULAR = 2;
    private static final int HARD = 3;

    private final NegativeSettings settings;
    private final Catalogue catalogue;
    /** In the order of their negatives. */
    private final List<Weighted> weighted = new ArrayList<>();

    private final List<Paired> paired = new ArrayList<>();
    private final LastPositives memory;

    /** The negatives of one batch. */
    record BatchNegatives(List<String> shared, NegativeDraws draws) {}

    private record Weighted(Quota quota, int stream, WeightedDraws draws) {}

    private record Paired(Quota quota, int stream, PairedDraws draws) {}

    NegativeSource(NegativeSettings settings, Catalogue catalogue, ItemPopularity popularity, char prefix) {
        this.settings = settings;
        this.catalogue = catalogue;
        if (settings.popular().most() > 0) {
            popularity
                    .weights()
                    .map(weights -> new PowerDraws(catalogue, weights, settings.popularityExponent()))
                    .ifPresent(draws -> weighted.add(new Weighted(settings.popular(), POPULAR, draws)));
        }
        if (settings.hardByRule().most() > 0) {
            paired.add(
                    new Paired(settings.hardByRule(), HARD, new ItemsByValue(catalogue, settings.hardRuleFeature())));
        }
        this.memory = new LastPositives(catalogue, settings.memory().most(), prefix);
    }

    /** Reads the item at a number of the catalogue again, after it changed. */
    void refresh(int number) {
        weighted.forEach(kind -> kind.draws.refresh(number));
        paired.forEach(kind -> kind.draws.refresh(number));
    }

    /** Learns from the positives of a batch. Call it after the popularity has learnt from them. */
    void observe(List<String> positives) {
        weighted.forEach(kind -> kind.draws.observe(positives));
        memory.observe(positives);
    }

    /** Forgets an item that left the catalogue. */
    void forget(String item) {
        memory.forget(item);
    }

    /**
     * Draws the negatives of the batch of that step: uniform, weighted kind by kind, from memory, and those of each
     * example alone.
     */
    BatchNegatives draw(long step, long seed, List<TrainingExample> positives) {
        List<String> shared = new ArrayList<>();
        for (int slot = 0; slot < settings.uniform().at(step); slot++) {
            shared.add(catalogue.itemAt(CounterRandom.below(catalogue.size(), seed, UNIFORM, slot)));
        }
        int uniform = shared.size();
        for (Weighted kind : weighted) {
            for (int slot = 0; slot < kind.quota.at(step); slot++) {
                shared.add(kind.draws.draw(seed, kind.stream, slot));
            }
        }
        int byWeight = shared.size() - uniform;
        List<String> remembered = memory.latest(settings.memory().at(step));
        shared.addAll(remembered);

        List<String> columns = new ArrayList<>();
        positives.forEach(example -> columns.add(example.item()));
        columns.addAll(shared);
        float[] weightedLogs = new float[byWeight > 0 ? columns.size() : 0];
        for (int at = 0; at < weightedLogs.length; at++) {
            weightedLogs[at] = (float) weightedLogProbability(columns.get(at), step);
        }
        List<String> hard = new ArrayList<>();
        List<Integer> owners = new ArrayList<>();
        for (int example = 0; example < positives.size(); example++) {
            for (Paired kind : paired) {
                int each = kind.quota.at(step);
                for (int draw = 0; draw < each; draw++) {
                    long slot = (long) example * each + draw;
                    Optional<String> item =
                            kind.draws.draw(positives.get(example).item(), seed, kind.stream, slot);
                    item.ifPresent(hard::add);
                    owners.addAll(item.isPresent() ? List.of(example) : List.of());
                }
            }
        }
        int[] hardOwners = owners.stream().mapToInt(owner -> owner).toArray();
        return new BatchNegatives(
                shared, new NegativeDraws(byWeight, remembered.size(), weightedLogs, hard, hardOwners));
    }

    /**
     * Returns log q of the weighted kinds together, {@code q = Σ n_k q_k / Σ n_k} for n_k draws of kind k. A single
     * kind keeps its own log q, bit for bit.
     */
    private double weightedLogProbability(String item, long step) {
        List<Weighted> kinds =
                weighted.stream().filter(kind -> kind.quota.at(step) > 0).toList();
        if (kinds.size() == 1) {
            return kinds.get(0).draws.logProbability(item);
        }
        double sum = 0;
        long count = 0;
        for (Weighted kind : kinds) {
            int draws = kind.quota.at(step);
            sum += draws * StrictMath.exp(kind.draws.logProbability(item));
            count += draws;
        }
        return StrictMath.log(sum / count);
    }

    boolean isOwn(byte[] key) {
        return memory.isOwn(key);
    }

    void restore(byte[] key, byte[] value) {
        memory.restore(key, value);
    }

    void drainDirty(EntrySink sink) {
        memory.drainDirty(sink);
    }
}
