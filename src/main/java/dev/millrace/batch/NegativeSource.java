package dev.millrace.batch;

import dev.millrace.attribute.TrainingExample;
import dev.millrace.state.EntrySink;
import dev.millrace.state.Fields;
import dev.millrace.state.Frame;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.TreeSet;

/**
 * Draws a batch's negatives. What it remembers, the items of the last positives, is a function of the log; stored under {@code
 * prefix 0 m slot}.
 */
final class NegativeSource {

    /** Streams of a batch's random numbers; the model's begin at 16. */
    private static final int UNIFORM = 1;

    private static final int POPULAR = 2;
    private static final int HARD = 3;

    private static final byte KIND = 'm';
    private static final int KEY_BYTES = 3 + Integer.BYTES;
    private static final int POSITION = -1; // in place of a slot

    private final NegativeSettings settings;
    private final Catalogue catalogue;
    private final byte prefix;
    private final Optional<PowerDraws> powerDraws;
    private final Optional<ItemsByValue> byValue;
    /** Items of the last positives, by their running number, wrapped round. */
    private final String[] memory;
    /** [slots] running number of the item there, from 1; 0 for none. */
    private final long[] numbers;

    private long remembered;
    private final TreeSet<Integer> dirtySlots = new TreeSet<>();

    /** Negatives of one batch. */
    record Drawn(List<String> shared, NegativeDraws draws) {}

    NegativeSource(NegativeSettings settings, Catalogue catalogue, ItemPopularity popularity, char prefix) {
        this.settings = settings;
        this.catalogue = catalogue;
        this.prefix = (byte) prefix;
        this.powerDraws = settings.popular().most() > 0 && popularity instanceof PowerDraws.Weights weights
                ? Optional.of(new PowerDraws(catalogue, weights, settings.popularityExponent()))
                : Optional.empty();
        this.byValue = settings.hardByRule().most() > 0
                ? Optional.of(new ItemsByValue(catalogue, settings.hardRuleFeature()))
                : Optional.empty();
        this.memory = new String[settings.memory().most()];
        this.numbers = new long[memory.length];
    }

    /** Takes the item at a number of the catalogue anew. */
    void refresh(int number) {
        powerDraws.ifPresent(draws -> draws.refresh(number));
        byValue.ifPresent(items -> items.refresh(number));
    }

    /** Takes in the positives of a batch, once the popularity has. */
    void observe(List<String> positives) {
        powerDraws.ifPresent(
                draws -> positives.forEach(item -> catalogue.number(item).ifPresent(draws::refresh)));
        for (String item : positives) {
            if (memory.length > 0) {
                int slot = (int) (remembered++ % memory.length);
                memory[slot] = item;
                numbers[slot] = remembered;
                dirtySlots.add(slot);
            }
        }
    }

    /** Lets go of an item that left the catalogue. */
    void forget(String item) {
        for (int slot = 0; slot < memory.length; slot++) {
            if (numbers[slot] > 0 && memory[slot].equals(item)) {
                memory[slot] = "";
                numbers[slot] = 0;
                dirtySlots.add(slot);
            }
        }
    }

    /** Negatives of the batch of that step: uniform, by popularity, from memory; and hard ones of each example. */
    Drawn draw(long step, long seed, List<TrainingExample> positives) {
        List<String> shared = new ArrayList<>();
        for (int slot = 0; slot < settings.uniform().at(step); slot++) {
            shared.add(catalogue.itemAt(CounterRandom.below(catalogue.size(), seed, UNIFORM, slot)));
        }
        int byPopularity = powerDraws.isPresent() ? settings.popular().at(step) : 0;
        for (int slot = 0; slot < byPopularity; slot++) {
            shared.add(powerDraws.orElseThrow().draw(seed, POPULAR, slot));
        }
        int before = shared.size();
        addRemembered(settings.memory().at(step), shared);
        int fromMemory = shared.size() - before;

        float[] powerLogs = new float[byPopularity > 0 ? positives.size() + shared.size() : 0];
        for (int at = 0; at < powerLogs.length; at++) {
            String item = at < positives.size() ? positives.get(at).item() : shared.get(at - positives.size());
            powerLogs[at] = (float) powerDraws.orElseThrow().logProbability(item);
        }
        List<String> hard = new ArrayList<>();
        List<Integer> owners = new ArrayList<>();
        int hardEach = settings.hardByRule().at(step);
        for (int example = 0; example < positives.size(); example++) {
            for (int draw = 0; draw < hardEach; draw++) {
                long slot = (long) example * hardEach + draw;
                Optional<String> item =
                        byValue.orElseThrow().draw(positives.get(example).item(), seed, HARD, slot);
                item.ifPresent(hard::add);
                owners.addAll(item.isPresent() ? List.of(example) : List.of());
            }
        }
        int[] hardOwners = owners.stream().mapToInt(owner -> owner).toArray();
        return new Drawn(shared, new NegativeDraws(byPopularity, fromMemory, powerLogs, hard, hardOwners));
    }

    boolean isOwn(byte[] key) {
        return key.length == KEY_BYTES && key[1] == 0 && key[2] == KIND;
    }

    void restore(byte[] key, byte[] value) {
        int slot = ByteBuffer.wrap(key).getInt(3);
        ByteBuffer payload = Frame.open(value);
        if (slot == POSITION) {
            remembered = payload.getLong();
            return;
        }
        long number = payload.getLong();
        if (slot < memory.length && (number - 1) % memory.length == slot) {
            memory[slot] = Fields.text(payload);
            numbers[slot] = number;
        } else {
            dirtySlots.add(slot); // of a memory of another size
        }
    }

    void drainDirty(EntrySink sink) {
        if (!dirtySlots.isEmpty()) {
            sink.put(key(POSITION), new Fields().longInteger(remembered).framed());
        }
        for (int slot : dirtySlots) {
            if (slot < memory.length && numbers[slot] > 0) {
                sink.put(
                        key(slot),
                        new Fields()
                                .longInteger(numbers[slot])
                                .text(memory[slot])
                                .framed());
            } else {
                sink.delete(key(slot));
            }
        }
        dirtySlots.clear();
    }

    /** The items of the last positives, latest first; what left the catalogue, or was kept in a memory of another size, is left out. */
    private void addRemembered(int most, List<String> to) {
        int count = (int) Math.min(remembered, most);
        for (int back = 0; back < count; back++) {
            long number = remembered - back;
            int slot = (int) ((number - 1) % memory.length);
            if (numbers[slot] == number && catalogue.contains(memory[slot])) {
                to.add(memory[slot]);
            }
        }
    }

    private byte[] key(int slot) {
        return ByteBuffer.allocate(KEY_BYTES)
                .put(prefix)
                .put((byte) 0)
                .put(KIND)
                .putInt(slot)
                .array();
    }
}
