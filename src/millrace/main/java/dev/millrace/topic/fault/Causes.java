package dev.millrace.topic.fault;

import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** What a failure came from. */
public final class Causes {

    private Causes() {}

    /** A failure and its causes, the first cause last. */
    public static Stream<Throwable> of(Throwable failure) {
        return Stream.iterate(Optional.of(failure), Optional::isPresent, at -> at.map(Throwable::getCause))
                .flatMap(Optional::stream);
    }

    /** What a failure and its causes say, each thing once. */
    public static String messages(Throwable failure) {
        return of(failure)
                .map(cause -> String.valueOf(cause.getMessage()))
                .distinct()
                .collect(Collectors.joining(": "));
    }
}
