package dev.millrace.negative;

import dev.millrace.attribute.TrainingExample;
import dev.millrace.catalogue.Catalogue;
import dev.millrace.popularity.ItemPopularity;
import dev.millrace.state.CounterRandom;
import dev.millrace.state.Durable;
import dev.millrace.state.EntrySink;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;

/**
 * Draws a batch's negatives: those of every example, which are uniform, by popularity and from memory, in this order; and those of one
 * example alone.
 */
public final class NegativeSource implements Durable {

    /** Streams of a batch's random numbers, one for each kind; the model's begin at 16. */
    private static final int UNIFORM = 1;

    private static final int POPULAR = 2;
    private static final int HARD = 3;

    private final NegativeSettings settings;
    private final Catalogue catalogue;
    private final Optional<PowerDraws> popular;
    private final Optional<ItemsByValue> hard;
    private final LastPositives memory;

    /**
     * The negatives of one batch.
     *
     * @param numbers [shared] of the shared ones in the catalogue
     */
    public record BatchNegatives(List<String> shared, int[] numbers, NegativeDraws draws) {

        public static final BatchNegatives NONE = new BatchNegatives(List.of(), new int[0], NegativeDraws.UNIFORM);
    }

    /** @param prefix first byte of this state's keys */
    public NegativeSource(NegativeSettings settings, Catalogue catalogue, ItemPopularity popularity, char prefix) {
        this.settings = settings;
        this.catalogue = catalogue;
        this.popular = popularity
                .weights()
                .filter(weights -> settings.popular() > 0)
                .map(weights -> new PowerDraws(catalogue, weights, settings.popularityExponent()));
        this.hard = settings.hardByRule() > 0
                ? Optional.of(new ItemsByValue(catalogue, settings.hardRuleFeature()))
                : Optional.empty();
        this.memory = new LastPositives(catalogue, settings.memory().most(), prefix);
    }

    /** Reads the item at a number of the catalogue again, after it or its features changed, or the number became free or taken. */
    public void refresh(int number) {
        popular.ifPresent(draws -> draws.refresh(number));
        hard.ifPresent(draws -> draws.refresh(number));
    }

    /** Learns from the items of the positives of a batch. Call it after the popularity has learnt from them. */
    public void observe(int[] positives) {
        popular.ifPresent(draws -> draws.observe(positives));
        memory.observe(positives);
    }

    /** Forgets an item that left the catalogue. */
    public void forget(String item) {
        memory.forget(item);
    }

    /**
     * Draws the negatives of the batch of that step.
     *
     * @param items [positives] their numbers in the catalogue
     */
    public BatchNegatives draw(long step, long seed, List<TrainingExample> positives, int[] items) {
        IntStream.Builder drawn = IntStream.builder();
        for (int slot = 0; slot < settings.uniform(); slot++) {
            drawn.add(CounterRandom.below(catalogue.size(), seed, UNIFORM, slot));
        }
        Optional<PowerDraws.Draws> byPopularity = popular.map(PowerDraws::now);
        byPopularity.ifPresent(draws -> {
            for (int slot = 0; slot < settings.popular(); slot++) {
                drawn.add(draws.draw(seed, POPULAR, slot));
            }
        });
        int byWeight = byPopularity.isPresent() ? settings.popular() : 0;
        int[] remembered = catalogue.numbers(memory.latest(settings.memory().at(step)));
        int[] shared =
                IntStream.concat(drawn.build(), Arrays.stream(remembered)).toArray();
        int[] columns =
                IntStream.concat(Arrays.stream(items), Arrays.stream(shared)).toArray();
        float[] weightedLogs = new float[byWeight > 0 ? columns.length : 0];
        byPopularity.ifPresent(draws -> {
            for (int at = 0; at < weightedLogs.length; at++) {
                weightedLogs[at] = (float) draws.logProbability(columns[at]);
            }
        });
        List<String> paired = new ArrayList<>();
        List<Integer> owners = new ArrayList<>();
        hard.ifPresent(draws -> {
            int each = settings.hardByRule();
            for (int slot = 0; slot < positives.size() * each; slot++) {
                int owner = slot / each;
                draws.draw(positives.get(owner).item(), seed, HARD, slot).ifPresent(item -> {
                    paired.add(item);
                    owners.add(owner);
                });
            }
        });
        int[] hardOwners = owners.stream().mapToInt(owner -> owner).toArray();
        return new BatchNegatives(
                Arrays.stream(shared).mapToObj(catalogue::itemAt).toList(),
                shared,
                new NegativeDraws(byWeight, remembered.length, weightedLogs, paired, hardOwners));
    }

    /** Returns true if the entry of that key is this state's. */
    public boolean isOwn(byte[] key) {
        return memory.isOwn(key);
    }

    @Override
    public void restore(byte[] key, byte[] value) {
        memory.restore(key, value);
    }

    @Override
    public void drainDirty(EntrySink sink) {
        memory.drainDirty(sink);
    }
}
