package dev.millrace.verify;

import java.util.Locale;

/** One thing that a running system has said and the replay of its log does not. */
public sealed interface Difference {

    /** What differs, where, and both values. */
    String line();

    /** The learner's digest of a step is another. */
    record Digest(long step, String place, String published, String replayed) implements Difference {
        @Override
        public String line() {
            return "digest of step " + step + ": published " + published + " (" + place + "), replayed " + replayed;
        }
    }

    /**
     * A vector is another.
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

    /** A vector has another width. */
    record Width(String item, long step, String place, int published, int replayed) implements Difference {
        @Override
        public String line() {
            return "vector of item " + item + ", step " + step + " (" + place + "): has " + published
                    + " components, replayed " + replayed;
        }
    }

    /** A vector is there of an item that is not in the catalogue of the log. */
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

    /** The log does not go as far as what was published from it. */
    record LogEnds(long lastStep, long published) implements Difference {
        @Override
        public String line() {
            return "the log ends at step " + lastStep + ", something was published of step " + published;
        }
    }

    /** The log cannot be learnt on. */
    record LogBroken(String message) implements Difference {
        @Override
        public String line() {
            return message;
        }
    }
}
