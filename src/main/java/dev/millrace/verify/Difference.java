package dev.millrace.verify;

import java.util.Locale;

/** One difference between what a running system published and the replay of its log. */
public sealed interface Difference {

    /** Says what differs, where, and both values. */
    String line();

    /** The digest of a step differs. */
    record Digest(long step, String place, String published, String replayed) implements Difference {
        @Override
        public String line() {
            return "digest of step " + step + ": published " + published + " (" + place + "), replayed " + replayed;
        }
    }

    /**
     * A vector differs.
     *
     * @param component first that differs
     * @param published its value on the topic
     * @param replayed its value after the same step of the replay
     */
    record Vector(String item, long step, String place, int component, float published, float replayed)
            implements Difference {
        @Override
        public String line() {
            return String.format(
                    Locale.ROOT,
                    "vector of item %s, step %d (%s): component %d is %s (%08x), replayed %s (%08x)",
                    item,
                    step,
                    place,
                    component,
                    published,
                    Float.floatToRawIntBits(published),
                    replayed,
                    Float.floatToRawIntBits(replayed));
        }
    }

    /** A vector has another number of components. */
    record Width(String item, long step, String place, int published, int replayed) implements Difference {
        @Override
        public String line() {
            return "vector of item " + item + ", step " + step + " (" + place + "): has " + published
                    + " components, replayed " + replayed;
        }
    }

    /** An item that is not in the catalogue has a vector. */
    record Extra(String item, long step, String place, long asOf) implements Difference {
        @Override
        public String line() {
            return "vector of item " + item + ", step " + step + " (" + place
                    + "): the item is not in the catalogue of step " + asOf;
        }
    }

    /** An item of the catalogue has no vector. */
    record Missing(String item, long asOf) implements Difference {
        @Override
        public String line() {
            return "no vector of item " + item + ", which is in the catalogue of step " + asOf;
        }
    }

    /** The log ends before the newest step that was published. */
    record LogEnds(long lastStep, long published) implements Difference {
        @Override
        public String line() {
            return "the log ends at step " + lastStep + ", but step " + published + " was published";
        }
    }

    /** The log cannot be read on. */
    record LogBroken(String message) implements Difference {
        @Override
        public String line() {
            return message;
        }
    }
}
