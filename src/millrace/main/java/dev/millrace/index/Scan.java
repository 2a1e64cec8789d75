package dev.millrace.index;

import dev.millrace.model.engine.Loops;
import java.util.List;

/**
 * One search of all chunks. It keeps the rows that may be among the best, by bounds of their scores, and computes the scores of those that still may be when all
 * bounds are known. One thread, once.
 */
final class Scan {

    private final Search search;
    private final AddedRows added;
    private final PriorMoment moment;
    private final ByteVector inBytes;
    private final ScoreBounds bounds = new ScoreBounds(Loops.now().areBytesFast());
    private final SelectedRows selected;
    private final Contenders contenders;
    private final BestItems best;

    /**
     * @param added what the search adds, by row
     * @param moment to which popularity and ages are brought
     * @param of items of the index
     */
    Scan(Search search, AddedRows added, PriorMoment moment, AttributeColumns.Names names, int of) {
        this.search = search;
        this.added = added;
        this.moment = moment;
        this.inBytes = ByteVector.of(search.query());
        this.selected = new SelectedRows(search.filter(), names, IndexChunk.ROWS);
        this.contenders = new Contenders(search.k(), of);
        this.best = new BestItems(search.k(), of);
    }

    /**
     * Finds the best of all items.
     *
     * @return whether they are the best. If not, vectors or attributes of some have changed since their bounds were computed, so that others were dropped for them
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
        chunk.bound(search.query(), inBytes, search.prior(), moment, count, bounds);
        added.addTo(bounds, first, count);
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
        return added.added(chunk.score(search.query(), search.prior(), moment, row % IndexChunk.ROWS), row);
    }
}
