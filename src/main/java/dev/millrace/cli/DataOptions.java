package dev.millrace.cli;

import dev.millrace.replay.DataSet;
import dev.millrace.replay.KuaiRand;
import dev.millrace.replay.MovieLens;
import java.nio.file.Path;
import java.util.List;
import picocli.CommandLine.Option;

/** A recorded data set, named on the command line. */
final class DataOptions {

    enum Format {
        kuairand,
        movielens
    }

    @Option(
            names = "--data",
            paramLabel = "PATH",
            required = true,
            description = "folder of the data set, or mapping file")
    Path data = Path.of(".");

    @Option(names = "--format", required = true, description = "${COMPLETION-CANDIDATES}")
    Format format = Format.movielens;

    DataSet open() {
        return switch (format) {
            case kuairand -> new KuaiRand(data, List.of("click"));
            case movielens -> new MovieLens(data, 0);
        };
    }
}
