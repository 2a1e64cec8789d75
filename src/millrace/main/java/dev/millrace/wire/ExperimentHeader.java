package dev.millrace.wire;

import dev.millrace.event.RejectReason;
import dev.millrace.experiment.Experiment;
import dev.millrace.state.InputTopic;
import dev.millrace.state.Utf8;
import java.util.Set;

/**
 * The header that holds a state of an experiment, in a record of a topic of events that has no value. So readers who know events alone find nothing that
 * they cannot decode. There is one record in each partition.
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

    public static byte[] encode(Experiment experiment) {
        return Utf8.bytes(experiment.lines());
    }

    /** @throws UndecodableException if it is no experiment */
    public static Experiment decode(byte[] header) {
        try {
            return Experiment.ofLines(Utf8.text(header));
        } catch (IllegalArgumentException unreadable) {
            throw new UndecodableException(RejectReason.UNDECODABLE, NAME + ": " + unreadable.getMessage());
        }
    }
}
