package dev.millrace.workshop;

import dev.millrace.state.Books;
import java.util.Locale;
import java.util.stream.Collectors;

/** Figures as lines for a terminal. */
final class Tables {

    private Tables() {}

    /** The books of one topic: {@code clicks: 100 received = 90 attributed + 8 duplicate + 2 waiting}. */
    static String account(String topic, Books.Account account) {
        String outcomes = account.outcomes().entrySet().stream()
                .filter(entry -> entry.getValue() != 0)
                .map(entry -> String.format(Locale.ROOT, "%,d %s + ", entry.getValue(), entry.getKey()))
                .collect(Collectors.joining());
        return String.format(
                Locale.ROOT,
                "%-18s %,d received = %s%,d waiting%s",
                topic,
                account.received(),
                outcomes,
                account.waiting(),
                account.isBalanced() ? "" : "   DOES NOT BALANCE");
    }
}
