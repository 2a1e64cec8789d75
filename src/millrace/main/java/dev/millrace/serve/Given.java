package dev.millrace.serve;

import java.util.List;

/** Named values of a request: its query, or a JSON object. Each is checked when it is read; an error names it as it was written. */
sealed interface Given permits Query, JsonMembers {

    boolean has(String name);

    /** A required id of 1 to 256 bytes. */
    String id(String name);

    int integer(String name, int byDefault, int min, int max);

    double number(String name, double byDefault, double min, double max);

    boolean flag(String name, boolean byDefault);

    /** A list of values; empty if it is absent. */
    List<String> texts(String name, int max);

    /** The values whose names belong together under another name; empty if there are none. */
    Given group(String name);

    /** Whether a name of a filter lists values. */
    boolean hasValues(String name);

    /** Whether a name of a filter has bounds. */
    boolean hasBounds(String name);

    RefusedRequestException refused(String name, String rule);
}
