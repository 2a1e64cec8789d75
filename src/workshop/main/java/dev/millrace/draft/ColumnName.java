package dev.millrace.draft;

import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.function.Predicate;
import java.util.regex.Pattern;

/**
 * The words of a column's name: {@code userId}, {@code user_id} and {@code user.id} are user and id.
 *
 * @param words in lower case, in their order
 */
record ColumnName(List<String> words) {

    static final Set<String> USERS =
            words("user uid customer member account person reader viewer buyer client visitor session");
    static final Set<String> SESSIONS = words("visitor session");
    static final Set<String> ITEMS =
            words("item iid product sku video movie film content article news doc document song track book post listing"
                    + " offer ad asset photo recipe hotel poi");
    static final Set<String> TIMES = words("time timestamp ts date datetime created at when day unixtime epoch");
    /** What has a time of its own, which is not that of the row. */
    static final Set<String> OTHER_TIMES = words(
            "click clicked end update updated upload uploaded birth born expires publish published release released"
                    + " register registered last");

    static final Set<String> CLICKS = words("click clicked clicks label target converted interaction positive");
    static final Set<String> ACTIONS_OF_FLAGS = words(
            "like liked follow followed comment commented forward share shared buy bought purchase purchased order"
                    + " ordered cart favorite favourite save saved download subscribe subscribed hate dislike view viewed"
                    + " enter watched played");
    static final Set<String> ACTIONS = words("event action type behavior behaviour interaction activity operation");
    static final Set<String> RATINGS = words("rating ratings stars score rate");
    static final Set<String> AFTERWARDS = words("stay dwell watched played spent rating feedback satisfaction");
    static final Set<String> CODES =
            words("id code zip zipcode postcode category cat brand type region city author tag genre key number no");

    private static final Set<String> IDS = words("id ids key code no nr number hash uuid pk");
    private static final Set<String> FILLERS = words("is has did was flag");
    private static final Pattern BETWEEN = Pattern.compile("(?<=[a-z0-9])(?=[A-Z])|[^\\p{L}\\p{N}]+");
    private static final int ID_LENGTH = "id".length();

    ColumnName {
        words = List.copyOf(words);
    }

    static ColumnName of(String name) {
        return new ColumnName(Arrays.stream(BETWEEN.split(name))
                .map(word -> word.toLowerCase(Locale.ROOT))
                .filter(word -> !word.isEmpty())
                .toList());
    }

    /** Returns true for {@code user}, {@code user_id} and {@code userid}, but not for {@code user_age}. */
    boolean isIdOf(Set<String> subjects) {
        return holdsOnly(IDS, word -> isIdOf(word, subjects));
    }

    /** Returns true for {@code is_click} and {@code clicked}, but not for {@code click_time}. */
    boolean isFlagOf(Set<String> actions) {
        return holdsOnly(FILLERS, actions::contains);
    }

    boolean mentions(Set<String> vocabulary) {
        return words.stream().anyMatch(vocabulary::contains);
    }

    boolean mentionsId() {
        return words.stream().anyMatch(IDS::contains);
    }

    /** What a flag stands for: {@code long-view} of {@code is_long_view}. */
    String action() {
        return String.join(
                "-", words.stream().filter(word -> !FILLERS.contains(word)).toList());
    }

    private boolean holdsOnly(Set<String> ignored, Predicate<String> isWanted) {
        List<String> telling =
                words.stream().filter(word -> !ignored.contains(word)).toList();
        return !telling.isEmpty() && telling.stream().allMatch(isWanted);
    }

    static Set<String> words(String text) {
        return Set.of(text.split(" "));
    }

    private static boolean isIdOf(String word, Set<String> subjects) {
        return subjects.contains(word)
                || (word.endsWith("id") && subjects.contains(word.substring(0, word.length() - ID_LENGTH)));
    }
}
