package dev.millrace.wire;

import dev.millrace.event.RejectReason;
import dev.millrace.experiment.ExperimentReference;
import dev.millrace.state.InputTopic;
import dev.millrace.state.Utf8;
import java.util.Set;

/**
 * The header that refers to a state of an experiment, in a record of a topic of events that has no value. So readers who know events alone find nothing
 * that they cannot decode. There is one record in each partition. The state itself is in the topic of generations, which producers cannot write.
 */
public final class ExperimentHeader {

    public static final String NAME = "millrace.experiment";

    /** The topics that may have such records: what an experiment counts is in one of them. */
    public static final Set<InputTopic> IN = Set.of(InputTopic.EXPOSURES, InputTopic.CLICKS);

    private static final String KEY = "\0experiment"; // no user's id has a NUL

    private ExperimentHeader() {}

    /** Returns the key of such a record. */
    public static byte[] key() {
        return Utf8.bytes(KEY);
    }

    /** Returns whether a record has the key of one. */
    public static boolean isKey(byte[] key) {
        return Utf8.text(key).equals(KEY);
    }

    public static byte[] encode(ExperimentReference reference) {
        return Utf8.bytes(reference.text());
    }

    /** @throws UndecodableException if it is no reference */
    public static ExperimentReference decode(byte[] header) {
        try {
            return ExperimentReference.ofText(Utf8.text(header));
        } catch (IllegalArgumentException unreadable) {
            throw new UndecodableException(RejectReason.UNDECODABLE, NAME + ": " + unreadable.getMessage());
        }
    }
}
