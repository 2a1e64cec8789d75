package dev.millrace.publish;

import dev.millrace.publish.PublicationOrder.Moment;

/**
 * The publications that latest vectors come from, the oldest first: a ring of counts, one for each publication.
 *
 * <p>A mark stands at the publication that was asked for last and goes on from there, so a slowly moving quantile of
 * the ages costs no pass over the vectors.
 */
final class Publications {

    /** A publication, and the number of vectors that are still the latest of their items. */
    static final class Publication {
        private final Moment made;
        private final long number;
        private long vectors;
        private Publication before = this;
        private Publication after = this;

        private Publication(Moment made, long number) {
            this.made = made;
            this.number = number;
        }

        Moment made() {
            return made;
        }

        /** Returns the place among all publications; a later one has a larger number. */
        long number() {
            return number;
        }
    }

    /** In place of a publication. */
    static final Publication NONE = new Publication(new Moment(0, 0), 0);

    private final Publication ends = new Publication(new Moment(0, 0), Long.MAX_VALUE); // closes the ring
    private Publication mark = ends;
    private long beforeMark; // vectors of the publications before the mark
    private long numbers;

    /** Adds a vector to the newest publication, or to a new one if the moment is another. */
    Publication join(Moment moment) {
        Publication newest = ends.before;
        if (newest == ends || !newest.made.equals(moment)) {
            newest = new Publication(moment, ++numbers);
            newest.before = ends.before;
            newest.after = ends;
            ends.before.after = newest;
            ends.before = newest;
        }
        newest.vectors++;
        beforeMark += mark == ends ? 1 : 0;
        return newest;
    }

    /** Takes a vector from its publication, because it is no longer the latest of its item. */
    void leave(Publication left) {
        left.vectors--;
        beforeMark -= left.number < mark.number ? 1 : 0;
        if (left.vectors == 0) {
            mark = mark == left ? left.after : mark;
            left.before.after = left.after;
            left.after.before = left.before;
        }
    }

    /** Returns the moment of the oldest; there must be a vector. */
    Moment oldest() {
        return ends.after.made;
    }

    /** Returns the moment of the vector that so many older ones precede; there must be more vectors. */
    Moment behind(long older) {
        while (older < beforeMark) {
            mark = mark.before;
            beforeMark -= mark.vectors;
        }
        while (older >= beforeMark + mark.vectors) {
            beforeMark += mark.vectors;
            mark = mark.after;
        }
        return mark.made;
    }
}
