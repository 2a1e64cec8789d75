package dev.millrace.replay;

import java.nio.file.Path;
import java.util.Optional;

/** Where real data sets lie, if they do. */
final class RealData {

    private RealData() {}

    static Path folder(String name) {
        String root = Optional.ofNullable(System.getenv("MILLRACE_DATA")).orElse("../shared/data");
        return Path.of(root).resolve(name);
    }
}
