package dev.millrace.index;

import dev.millrace.event.Features;
import dev.millrace.model.engine.Loops;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.PriorityQueue;

/**
 * One search of all chunks. By bounds of their scores, it keeps the rows that may be among the best. When all bounds are known, it computes
 * the scores of those that still may be. One thread, once.
 */
final class Scan {

    /** All rows of full values are dropped at once when one of so many rows was one that led: dropping these took as long as a sweep does. */
    private static final int ROWS_OF_A_SWEEP = 1_024;

    private final Search search;
    private final AddedRows added;
    private final PriorMoment moment;
    private final ByteVector inBytes;
    private final ScoreBounds bounds = new ScoreBounds(Loops.now().areBytesFast());
    private final BoostedRows boosted;
    private final SelectedRows selected;
    private final Contenders contenders;
    private final BestItems best;

    /**
     * @param added what the search adds, by row
     * @param isOfNewcomers whether only {@link Draw.Newcomer newcomers} are wanted
     * @param moment to which popularity and ages are brought
     * @param of items of the index
     */
    Scan(
            Search search,
            AddedRows added,
            boolean isOfNewcomers,
            PriorMoment moment,
            AttributeColumns.Names names,
            int of) {
        this.search = search;
        this.added = added;
        this.moment = moment;
        this.inBytes = ByteVector.of(search.query());
        this.boosted = BoostedRows.of(search.arrangement().boosts(), names);
        this.selected = new SelectedRows(search.filter(), isOfNewcomers, names, IndexChunk.ROWS);
        this.contenders = new Contenders(search.k(), of);
        this.best = new BestItems(search.k(), of);
    }

    /**
     * Finds the best of all items.
     *
     * @return false if others may be better: they were dropped for rows whose vectors or attributes have changed since
     */
    boolean go(List<IndexChunk> chunks, int size) {
        for (int at = 0; at < chunks.size(); at++) {
            int first = at * IndexChunk.ROWS;
            look(chunks.get(at), first, Math.min(size - first, IndexChunk.ROWS));
        }
        contenders.forEach(row -> keep(chunks.get(row / IndexChunk.ROWS), row));
        return contenders.isFloorReached(best);
    }

    /** The best of all items, as {@link ScoredItem#BEST_FIRST} says. */
    List<ScoredItem> found() {
        return best.bestFirst();
    }

    /**
     * Finds the best items that the quotas admit, one after the other, and counts them. It ranks all rows, as any number of them may be of full values.
     *
     * @return best first
     */
    List<ScoredItem> within(Quotas quotas, List<IndexChunk> chunks, int size) {
        RankedRows ranked = new RankedRows(size);
        for (int at = 0; at < chunks.size(); at++) {
            int first = at * IndexChunk.ROWS;
            rank(chunks.get(at), first, Math.min(size - first, IndexChunk.ROWS), ranked);
        }
        ranked.rank();
        int untilSweep = size / ROWS_OF_A_SWEEP;
        PriorityQueue<Ranked> next = new PriorityQueue<>(Comparator.comparing(Ranked::item, ScoredItem.BEST_FIRST));
        List<ScoredItem> found = new ArrayList<>();
        while (found.size() < search.k() && !(next.isEmpty() && ranked.isEmpty())) {
            if (!ranked.isEmpty() && (next.isEmpty() || !(next.element().item().score() > ranked.bound()))) {
                int row = ranked.best();
                IndexChunk chunk = chunks.get(row / IndexChunk.ROWS);
                if (!chunk.isBlocked(quotas, row % IndexChunk.ROWS)) {
                    scored(chunk, row, ranked).ifPresent(next::add);
                } else if (untilSweep-- > 0) {
                    ranked.drop(row);
                    ranked.settle();
                } else {
                    sweep(quotas, chunks, size, ranked);
                    untilSweep = size / ROWS_OF_A_SWEEP;
                }
                continue;
            }
            Ranked best = next.remove();
            if (quotas.admits(best.attributes())) {
                quotas.take(best.attributes());
                found.add(best.item());
            } else {
                int row = best.row();
                chunks.get(row / IndexChunk.ROWS).block(quotas, best.attributes(), row % IndexChunk.ROWS);
            }
        }
        found.sort(ScoredItem.BEST_FIRST); // a vector may have changed since its bound was computed
        return found;
    }

    /** A row that was scored, with the attributes that it had then. */
    private record Ranked(ScoredItem item, Features attributes, int row) {}

    private void rank(IndexChunk chunk, int first, int count, RankedRows ranked) {
        if (selected.isOfAll()) {
            bound(chunk, first, count);
            for (int row = 0; row < count; row++) {
                ranked.put(first + row, bounds.upper()[row]);
            }
            return;
        }
        chunk.selectPassing(selected, count);
        boolean areFew = selected.count() <= SelectedRows.FEW;
        if (!areFew) {
            bound(chunk, first, count);
        }
        for (int n = 0; n < selected.count(); n++) {
            int row = selected.row(n);
            ranked.put(first + row, areFew ? score(chunk, first + row) : bounds.upper()[row]);
        }
    }

    /** Drops all rows of full values. */
    private static void sweep(Quotas quotas, List<IndexChunk> chunks, int size, RankedRows ranked) {
        for (int first = 0; first < size; first += IndexChunk.ROWS) {
            chunks.get(first / IndexChunk.ROWS)
                    .dropBlocked(quotas, ranked, first, Math.min(size - first, IndexChunk.ROWS));
        }
        ranked.rank();
    }

    /** Takes the row with the largest bound, and scores it if it is wanted. */
    private Optional<Ranked> scored(IndexChunk chunk, int row, RankedRows ranked) {
        ranked.drop(row);
        ranked.settle();
        Features attributes = chunk.attributes(row % IndexChunk.ROWS);
        String item = chunk.item(row % IndexChunk.ROWS);
        return !search.excluded().test(item) && search.filter().passes(attributes)
                ? Optional.of(new Ranked(new ScoredItem(item, score(chunk, row)), attributes, row))
                : Optional.empty();
    }

    /** The item of a row, even if the search excludes it; absent if it does not pass the filter. */
    Optional<ScoredItem> passing(IndexChunk chunk, int row) {
        return search.filter().passes(chunk.attributes(row % IndexChunk.ROWS))
                ? Optional.of(new ScoredItem(chunk.item(row % IndexChunk.ROWS), score(chunk, row)))
                : Optional.empty();
    }

    /** @param first number of the chunk's first row */
    private void look(IndexChunk chunk, int first, int count) {
        boolean isAsked = selected.isAskedOfAllNext();
        if (isAsked) {
            chunk.selectPassing(selected, count);
        }
        if (isAsked && selected.count() <= SelectedRows.FEW) {
            for (int n = 0; n < selected.count(); n++) {
                float score = score(chunk, first + selected.row(n));
                contend(chunk, first, selected.row(n), score, score);
            }
            return;
        }
        bound(chunk, first, count);
        if (!isAsked) {
            selected.selectFrom(contenders.floor(), bounds.upper(), count);
            if (selected.count() > 0 && !selected.isOfAll()) {
                chunk.keepPassing(selected);
            }
        }
        for (int n = 0; n < selected.count(); n++) {
            int row = selected.row(n);
            contend(chunk, first, row, bounds.upper()[row], bounds.lower(row));
        }
    }

    private void bound(IndexChunk chunk, int first, int count) {
        chunk.bound(search.query(), inBytes, search.prior(), moment, count, bounds);
        added.addTo(bounds, first, count);
        if (!boosted.areNone()) {
            chunk.sumUp(boosted, count);
            bounds.addAll(boosted.sums(), count);
        }
    }

    private void contend(IndexChunk chunk, int first, int row, float upper, float lower) {
        if (!(upper < contenders.floor()) && !search.excluded().test(chunk.item(row))) {
            contenders.add(first + row, upper, lower);
        }
    }

    /** Keeps a row's item if it is one of the best so far and passes the filter. */
    private void keep(IndexChunk chunk, int row) {
        float score = score(chunk, row);
        String item = chunk.item(row % IndexChunk.ROWS);
        // a value's number may have gone to another since the filter was asked about it
        if (best.admits(item, score) && search.filter().passes(chunk.attributes(row % IndexChunk.ROWS))) {
            best.add(item, score);
        }
    }

    private float score(IndexChunk chunk, int row) {
        float score = added.added(chunk.score(search.query(), search.prior(), moment, row % IndexChunk.ROWS), row);
        return boosted.areNone() ? score : score + boosted.of(chunk.attributes(row % IndexChunk.ROWS));
    }
}
