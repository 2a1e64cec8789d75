package dev.millrace.draft;

import java.util.Optional;

/**
 * A decision about a log.
 *
 * @param what was chosen, for a person: mostly a column
 * @param why with the figures
 * @param doubt what else it could be; empty if it is clear
 * @param hasOption true if an option of {@code init} settles the doubt, which then names it
 */
public record Choice(String what, String why, Optional<String> doubt, boolean hasOption) {

    static Choice clear(String what, String why) {
        return new Choice(what, why, Optional.empty(), false);
    }

    static Choice doubtful(String what, String why, String doubt) {
        return new Choice(what, why, Optional.of(doubt), false);
    }

    /** A doubt that ends once the user names the column of that role. */
    static Choice doubtful(String what, String why, String doubt, Role role) {
        return new Choice(what, why, Optional.of(doubt + ": " + role.advice()), true);
    }

    /** @param others that it could be too; none if it is clear */
    static Choice among(String what, String why, String others, Role role) {
        return others.isEmpty() ? clear(what, why) : doubtful(what, why, "could also be " + others, role);
    }
}
