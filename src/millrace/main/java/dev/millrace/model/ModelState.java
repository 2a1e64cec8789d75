package dev.millrace.model;

import dev.millrace.model.loss.Objective;
import dev.millrace.model.table.EmbeddingTable;
import dev.millrace.model.table.SightingCounts;
import dev.millrace.model.table.TableRows;
import dev.millrace.state.CorruptEntryException;
import dev.millrace.state.EntrySink;
import dev.millrace.state.Form;
import dev.millrace.state.StoredFields;
import java.util.Arrays;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;

/** The stored entries of a model: restores its parts from them, and hands over the entries that changed. One thread. */
final class ModelState {

    /** Handed over in less than a second. */
    static final int USER_ROWS_A_DRAIN = 1 << 14;

    private static final long ALL_ROWS = Long.MAX_VALUE / 2; // more than there are; may be added to
    private static final byte[] FIRST_KEY = {};

    private final ModelSettings settings;
    private final NumericFingerprint fingerprint;
    private final EmbeddingTables tables;
    private final Map<Side, Tower> towers;
    private final Objective objective;
    private final Mixture mixture;
    private final StoredFields steps = new StoredFields(this::steps);
    /** The entries of which there is one each. */
    private final SortedMap<ModelEntry.Kind, StoredFields> singles;

    private long networkSteps;
    private boolean isHeaderDirty = true;
    private boolean areNetworksDirty = true;
    private Optional<byte[]> nextUserRow = Optional.empty(); // key from which on user rows are to be handed over
    private long handedOver; // user rows before it
    private Optional<EmbeddingTables.UnusableRow> unusableRow = Optional.empty();

    ModelState(
            ModelSettings settings,
            NumericFingerprint fingerprint,
            EmbeddingTables tables,
            Map<Side, Tower> towers,
            Objective objective,
            TableUpkeep upkeep,
            Mixture mixture) {
        this.settings = settings;
        this.fingerprint = fingerprint;
        this.tables = tables;
        this.towers = towers;
        this.objective = objective;
        this.mixture = mixture;
        this.singles = new TreeMap<>(Map.of(
                ModelEntry.Kind.NETWORK_STEPS, steps,
                ModelEntry.Kind.LEARNED_TEMPERATURE, objective.temperature().stored(),
                ModelEntry.Kind.LEARNED_OBJECTIVES, objective.objectiveWeights().stored(),
                ModelEntry.Kind.MIXTURE, mixture.stored(),
                ModelEntry.Kind.UPKEEP, upkeep.stored()));
    }

    /** Counts a step that updates the networks. Returns the number of these steps, this one included. */
    long countNetworkStep() {
        areNetworksDirty = true;
        return ++networkSteps;
    }

    /**
     * Makes the next drains hand over all entries of the query side, changed or not: the first one all but the rows, and each at most
     * {@value #USER_ROWS_A_DRAIN} rows.
     */
    void touchQuerySide() {
        isHeaderDirty = true;
        areNetworksDirty = true;
        tower(Side.USER).inputs().touchMoments();
        objective.temperature().touch();
        mixture.stored().change();
        nextUserRow = Optional.of(FIRST_KEY);
        handedOver = 0;
    }

    /** Returns true if the next drain hands over the last of what {@link #touchQuerySide} asked for. */
    boolean isQuerySideNearlyOut() {
        return nextUserRow.isEmpty() || rowsOfNextPart(handedOver) == ALL_ROWS;
    }

    /** Returns how many rows the next part has at most. */
    private long rowsOfNextPart(long before) {
        return tables.userRows() - before <= USER_ROWS_A_DRAIN ? ALL_ROWS : USER_ROWS_A_DRAIN;
    }

    /**
     * Returns why no row may be handed over by the next drain, if there is a reason: one that changed, or that is in the next part, is not finite. Once one is found, the
     * reason stays until that row is finite or gone.
     *
     * @param isAnew whether {@link #touchQuerySide} comes before that drain
     */
    Optional<String> unusableRow(boolean isAnew) {
        if (unusableRow.filter(EmbeddingTables.UnusableRow::isLeft).isEmpty()) {
            Optional<byte[]> next = isAnew ? Optional.of(FIRST_KEY) : nextUserRow;
            long before = isAnew ? 0 : handedOver;
            unusableRow = tables.unusableChange()
                    .or(() -> next.flatMap(from -> tables.unusableRow(from, rowsOfNextPart(before))));
        }
        return unusableRow.map(EmbeddingTables.UnusableRow::reason);
    }

    SortedMap<ModelEntry.Kind, StoredFields> singles() {
        return singles;
    }

    /**
     * Restores one stored entry.
     *
     * @throws FingerprintMismatchException if the stored weights come from other settings or another engine
     * @throws CorruptEntryException if the entry does not belong to this model
     */
    void restore(byte[] key, byte[] value) {
        ModelEntry entry = ModelEntry.of(key);
        switch (entry.kind()) {
            case HEADER -> restoreHeader(value);
            case STATISTICS -> tower(entry.side()).inputs().restoreMoments(entry.feature(), Moments.read(value));
            case WEIGHTS -> restore(entry, value, tower(entry.side()).weights());
            case FIRST_SLOT -> restoreSlot(0, entry, value);
            case SECOND_SLOT -> restoreSlot(1, entry, value);
            case NETWORK_STEPS, LEARNED_TEMPERATURE, LEARNED_OBJECTIVES, MIXTURE, UPKEEP ->
                Objects.requireNonNull(singles.get(entry.kind())).restore(value);
            case ROW -> table(entry).restore(entry.rowKey(), value);
            case TABLE -> table(entry).restore(TableRows.read(value));
            case SIGHTINGS -> {
                SightingCounts sightings = table(entry).sightings();
                if (entry.isOfAdditions()) {
                    sightings.restoreAdditions(value);
                } else {
                    sightings.restoreChunk(entry.chunk(), value);
                }
            }
        }
    }

    /** Hands over the changes since the last drain. */
    void drainDirty(EntrySink sink) {
        Optional<byte[]> from = nextUserRow;
        Set<byte[]> known = new TreeSet<>(Arrays::compareUnsigned);
        EntrySink changed = from.isEmpty() ? sink : noting(known, sink);
        if (isHeaderDirty) {
            changed.put(ModelEntry.Kind.HEADER.key(), header());
        }
        for (Tower tower : towers.values()) {
            tower.inputs()
                    .drainMoments((feature, moments) ->
                            changed.put(ModelEntry.statistics(tower.side(), feature), moments.entry()));
            if (areNetworksDirty) {
                putNetwork(tower, changed);
            }
        }
        steps.changeIf(areNetworksDirty && settings.optimiser().dense().rule().countsSteps());
        singles.forEach((kind, fields) -> fields.drain(kind.key(), changed));
        isHeaderDirty = false;
        areNetworksDirty = false;
        tables.byName().values().forEach(table -> drain(table, changed));
        from.ifPresent(first -> handOverUserRows(first, known, sink));
    }

    /** Returns a sink that notes the keys of what another is to put. */
    private static EntrySink noting(Set<byte[]> keys, EntrySink sink) {
        return new EntrySink() {
            @Override
            public void put(byte[] key, byte[] value) {
                keys.add(key);
                sink.put(key, value);
            }

            @Override
            public void delete(byte[] key) {
                sink.delete(key);
            }
        };
    }

    /** @param known keys of the entries that the sink has already */
    private void handOverUserRows(byte[] from, Set<byte[]> known, EntrySink sink) {
        long end = handedOver + rowsOfNextPart(handedOver);
        nextUserRow = Optional.empty();
        tables.forEachUserEntryFrom(from, (table, key, value) -> {
            if (!known.contains(key)) {
                sink.repeat(key, value);
            }
            handedOver++;
            if (handedOver == end) {
                nextUserRow = Optional.of(Arrays.copyOf(key, key.length + 1)); // the least key behind this one
            }
            return handedOver < end;
        });
    }

    private static void drain(EmbeddingTable table, EntrySink changed) {
        table.drain(changed).ifPresent(rows -> changed.put(ModelEntry.table(table.name()), rows.entry()));
        String name = table.name();
        table.sightings().drain(ModelEntry.additions(name), chunk -> ModelEntry.sightings(name, chunk), changed);
    }

    byte[] header() {
        return ModelHeader.of(fingerprint, settings).entry();
    }

    static void putNetwork(Tower tower, EntrySink entries) {
        putTensors(tower.weights(), (tensor, chunk) -> ModelEntry.weights(tower.side(), tensor, chunk), entries);
        float[][][] slots = tower.optimiser().tensors().slots();
        for (int s = 0; s < slots.length; s++) {
            int slot = s;
            putTensors(slots[slot], (tensor, chunk) -> ModelEntry.slot(slot, tower.side(), tensor, chunk), entries);
        }
    }

    /** Returns the key of a part of a tensor. */
    private interface Naming {
        byte[] key(int tensor, int chunk);
    }

    private void steps(Form form) {
        networkSteps = form.longInteger(networkSteps);
    }

    private static void putTensors(float[][] tensors, Naming naming, EntrySink entries) {
        for (int tensor = 0; tensor < tensors.length; tensor++) {
            for (int chunk = 0; chunk < ModelEntry.chunks(tensors[tensor]); chunk++) {
                entries.put(naming.key(tensor, chunk), ModelEntry.value(tensors[tensor], chunk));
            }
        }
    }

    private Tower tower(Side side) {
        return Optional.ofNullable(towers.get(side)).orElseThrow();
    }

    private void restoreHeader(byte[] value) {
        ModelHeader header = ModelHeader.read(value);
        header.requireFingerprint(fingerprint);
        header.requireSettings(settings);
        isHeaderDirty = false;
        areNetworksDirty = false;
    }

    private void restoreSlot(int slot, ModelEntry entry, byte[] value) {
        float[][][] slots = tower(entry.side()).optimiser().tensors().slots();
        if (slot >= slots.length) {
            throw new CorruptEntryException("the networks' optimiser has no slot " + slot);
        }
        restore(entry, value, slots[slot]);
    }

    private static void restore(ModelEntry chunk, byte[] value, float[][] tensors) {
        if (chunk.tensor() >= tensors.length) {
            throw new CorruptEntryException("the networks have no tensor " + chunk.tensor());
        }
        ModelEntry.restore(value, tensors[chunk.tensor()], chunk.chunk());
    }

    private EmbeddingTable table(ModelEntry entry) {
        return Optional.ofNullable(tables.byName().get(entry.table()))
                .orElseThrow(() -> new CorruptEntryException("a stored entry is of an unknown table " + entry.table()));
    }
}
