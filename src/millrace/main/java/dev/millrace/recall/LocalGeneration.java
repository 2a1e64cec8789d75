package dev.millrace.recall;

import dev.millrace.catalogue.Catalogue;
import dev.millrace.event.Features;
import dev.millrace.index.ItemIndex;
import dev.millrace.model.QueryEncoder;
import dev.millrace.neighbour.NeighbourList;
import dev.millrace.state.EntrySink;
import dev.millrace.train.EntryKind;
import dev.millrace.train.Trainer;
import dev.millrace.train.TrainerSettings;
import java.util.Arrays;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentSkipListMap;

/**
 * The generation of a trainer in this process: index and query encoder, both on the heap, which follow the trainer without topics.
 *
 * <p>The trainer's thread calls {@link #follow}; meanwhile any number of threads ask a {@link RecallEngine} that serves the {@link #pair}. What follows the
 * trainer publishes and drains it, so there is one for each trainer.
 */
public final class LocalGeneration {

    private final Trainer trainer;
    private final ItemIndex index;
    private final QueryEncoder tower;
    private final Map<byte[], float[]> rows = new ConcurrentSkipListMap<>(Arrays::compareUnsigned);
    private final Map<String, Features> items = new ConcurrentHashMap<>();
    private final Map<String, NeighbourList> neighbours = new ConcurrentHashMap<>();
    private final ServedGeneration pair;

    /**
     * Nothing is found until {@link #follow} is called.
     *
     * @param settings that the trainer was made from
     * @param trainer new or restored; all that it has learnt is published anew
     */
    public LocalGeneration(TrainerSettings settings, Trainer trainer) {
        this.trainer = trainer;
        this.index = new ItemIndex(trainer.dim());
        this.tower = new QueryEncoder(
                settings.model(),
                key -> Optional.ofNullable(rows.get(key)),
                item -> items.getOrDefault(item, Features.NONE));
        ModelEncoder encoder = new ModelEncoder(settings, tower, item -> Optional.ofNullable(neighbours.get(item)));
        this.pair = new ServedGeneration(trainer.generation(), index, encoder);
        trainer.publishAnew();
    }

    /** Returns what answers, for {@link RecallEngine#serve}. It changes with each {@link #follow}. */
    public ServedGeneration pair() {
        return pair;
    }

    /** As {@link #follow(long, EntrySink)}, for a trainer whose state ends with the process. */
    public void follow(long now) {
        follow(now, new EntrySink() {
            @Override
            public void put(byte[] key, byte[] value) {}

            @Override
            public void delete(byte[] key) {}
        });
    }

    /**
     * Publishes what is due since the last call: vectors go to the index, the query side to the encoder. While the trainer {@linkplain Trainer#withheld
     * withholds}, only removals do.
     *
     * @param now time of the publication, epoch milliseconds, wall clock
     * @param state receives the trainer's changed entries; a trainer that is restored from all of them goes on bit for bit
     */
    public void follow(long now, EntrySink state) {
        boolean isMoreLeft = true;
        while (isMoreLeft) { // a whole catalogue comes in parts
            isMoreLeft = trainer.publish(Optional.empty(), embedding -> index.upsert(embedding, now));
            trainer.drainDirty(new QuerySide(state, trainer.withheld().isPresent()));
            tower.refresh();
        }
    }

    /** Passes entries on to the trainer's state, and shows those of the query side to the encoder. */
    private final class QuerySide implements EntrySink {

        private final EntrySink state;
        private final boolean isWithheld;

        QuerySide(EntrySink state, boolean isWithheld) {
            this.state = state;
            this.isWithheld = isWithheld;
        }

        @Override
        public void put(byte[] key, byte[] value) {
            state.put(key, value);
            show(key, value);
        }

        @Override
        public void repeat(byte[] key, byte[] value) {
            state.repeat(key, value);
            show(key, value);
        }

        @Override
        public void delete(byte[] key) {
            state.delete(key);
            hide(key);
        }

        private void hide(byte[] key) {
            EntryKind.itemWithoutNeighbours(key).ifPresent(neighbours::remove);
            if (!trainer.isQuerySide(key)) {
                return;
            }
            Optional<String> item = EntryKind.itemOfCatalogue(key);
            if (item.isPresent()) {
                items.remove(item.get());
            } else if (QueryEncoder.isRow(key)) {
                rows.remove(key);
            } else {
                tower.remove(key);
            }
        }

        private void show(byte[] key, byte[] value) {
            if (trainer.isGoneFromQuerySide(key, value)) {
                hide(key);
                return;
            }
            if (isWithheld) {
                return;
            }
            EntryKind.itemWithNeighbours(key)
                    .ifPresent(item ->
                            neighbours.put(item, trainer.neighbours(item).orElseThrow()));
            if (!trainer.isQuerySide(key)) {
                return;
            }
            Optional<String> item = EntryKind.itemOfCatalogue(key);
            if (item.isPresent()) {
                items.put(item.get(), Catalogue.featuresOf(value));
            } else if (QueryEncoder.isRow(key)) {
                rows.put(key, QueryEncoder.row(value));
            } else {
                tower.update(key, value);
            }
        }
    }
}
