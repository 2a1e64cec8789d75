package dev.millrace.follow;

import dev.millrace.catalogue.Catalogue;
import dev.millrace.event.Features;
import dev.millrace.model.FingerprintMismatchException;
import dev.millrace.model.QueryEncoder;
import dev.millrace.neighbour.NeighbourList;
import dev.millrace.recall.ModelEncoder;
import dev.millrace.recall.UserEncoder;
import dev.millrace.settings.SettingsReader;
import dev.millrace.state.CorruptEntryException;
import dev.millrace.train.EntryKind;
import dev.millrace.train.TrainerSettings;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The query side of each generation: networks in memory, rows and lists of neighbours on disk, both by the generation's name, so that the weights of two
 * generations never meet. Each encoder is made from the settings of its own learner; those of this process do not matter. Safe for any
 * number of threads.
 */
public final class ModelFeed implements EncoderFeed {

    private static final Logger LOG = LoggerFactory.getLogger(ModelFeed.class);
    private static final byte PREFIX = 'g';

    private final DiskEntries entries;
    private final DiskNeighbours neighbours;
    private final Map<String, Learner> learners = new ConcurrentHashMap<>();
    private final Map<String, SortedMap<byte[], byte[]>> waiting =
            new ConcurrentHashMap<>(); // for the settings of their learner

    /** The query side of a generation's learner, once its settings have come. */
    private record Learner(QueryEncoder tower, ModelEncoder encoder) {}

    /** @param entries for rows and lists */
    public ModelFeed(DiskEntries entries) {
        this.entries = entries;
        this.neighbours = new DiskNeighbours(entries);
    }

    @Override
    public synchronized int describe(String generation, SortedMap<String, String> settings) {
        if (learners.containsKey(generation)) {
            return 0;
        }
        SettingsReader reader = new SettingsReader(settings);
        TrainerSettings read = TrainerSettings.read(reader);
        reader.finish();
        byte[] prefix = prefix(generation);
        QueryEncoder tower = new QueryEncoder(
                read.model(), key -> entries.get(under(prefix, key)).map(QueryEncoder::row), item -> entries.get(
                                under(prefix, EntryKind.ofCatalogue(item)))
                        .map(Catalogue::featuresOf)
                        .orElse(Features.NONE));
        learners.put(
                generation, new Learner(tower, new ModelEncoder(read, tower, item -> neighbours.get(prefix, item))));
        SortedMap<byte[], byte[]> kept = Objects.requireNonNullElseGet(waiting.remove(generation), TreeMap::new);
        int rejected = 0;
        for (Map.Entry<byte[], byte[]> entry : kept.entrySet()) {
            try {
                update(tower, entry.getKey(), entry.getValue());
            } catch (CorruptEntryException unusable) { // no other entry is lost, as if it had come now
                rejected++;
                LOG.warn("A model update of generation {} cannot be used: {}", generation, unusable.getMessage());
            }
        }
        tower.refresh(); // perhaps no more entries come
        return rejected;
    }

    @Override
    public synchronized void update(String generation, byte[] key, byte[] value) {
        Optional<QueryEncoder> tower = tower(generation);
        if (EntryKind.itemOfCatalogue(key).isPresent()) {
            Catalogue.featuresOf(value); // checked once, here
            entries.put(under(prefix(generation), key), value);
            return;
        }
        if (QueryEncoder.isRow(key)) {
            QueryEncoder.row(value); // checked once, here, so that no request meets a corrupt row
            tower.ifPresent(known -> update(known, key, value));
            entries.put(under(prefix(generation), key), value);
            return;
        }
        if (tower.isPresent()) {
            update(tower.get(), key, value);
        } else {
            waiting.computeIfAbsent(generation, name -> new TreeMap<>(Arrays::compareUnsigned))
                    .put(key, value);
        }
    }

    @Override
    public synchronized void remove(String generation, byte[] key) {
        if (QueryEncoder.isRow(key) || EntryKind.itemOfCatalogue(key).isPresent()) {
            entries.delete(under(prefix(generation), key));
            return;
        }
        tower(generation).ifPresent(tower -> tower.remove(key));
        Optional.ofNullable(waiting.get(generation)).ifPresent(kept -> kept.remove(key));
    }

    @Override
    public void neighbours(String generation, String item, Optional<NeighbourList> list) {
        neighbours.put(prefix(generation), item, list);
    }

    @Override
    public synchronized void drop(String generation) {
        Optional.ofNullable(learners.remove(generation))
                .ifPresent(one -> one.encoder().end());
        waiting.remove(generation);
        entries.deleteAllUnder(prefix(generation));
        neighbours.dropped(prefix(generation));
    }

    @Override
    public synchronized void refresh(String generation) {
        tower(generation).ifPresent(QueryEncoder::refresh);
    }

    @Override
    public synchronized void refreshAll() {
        learners.values().forEach(one -> one.tower().refresh());
    }

    @Override
    public Optional<UserEncoder> of(String generation) {
        return Optional.ofNullable(learners.get(generation)).map(Learner::encoder);
    }

    private Optional<QueryEncoder> tower(String generation) {
        return Optional.ofNullable(learners.get(generation)).map(Learner::tower);
    }

    private static void update(QueryEncoder tower, byte[] key, byte[] value) {
        try {
            tower.update(key, value);
        } catch (FingerprintMismatchException otherModel) {
            throw new CorruptEntryException(String.valueOf(otherModel.getMessage()));
        }
    }

    private static byte[] prefix(String generation) {
        byte[] name = generation.getBytes(StandardCharsets.UTF_8);
        return ByteBuffer.allocate(name.length + 2)
                .put(PREFIX)
                .put(name)
                .put((byte) 0)
                .array();
    }

    private static byte[] under(byte[] prefix, byte[] key) {
        return ByteBuffer.allocate(prefix.length + key.length)
                .put(prefix)
                .put(key)
                .array();
    }
}
