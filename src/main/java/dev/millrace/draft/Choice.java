package dev.millrace.draft;

import java.util.Optional;

/**
 * A decision about a log.
 *
 * @param what was chosen, for a person: mostly a column
 * @param why with the figures
 * @param doubt what else it could be; empty if it is clear
 */
public record Choice(String what, String why, Optional<String> doubt) {

    static Choice clear(String what, String why) {
        return new Choice(what, why, Optional.empty());
    }

    static Choice doubtful(String what, String why, String doubt) {
        return new Choice(what, why, Optional.of(doubt));
    }
}
