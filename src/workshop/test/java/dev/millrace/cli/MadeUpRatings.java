package dev.millrace.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;

/** Ratings of users who keep to a tenth of the films, more or less, one a minute. */
public final class MadeUpRatings {

    public static final String FOLDER = "ratings";

    private static final int USERS = 60;
    private static final int FILMS = 80;
    private static final int RATINGS = 1_500;

    private MadeUpRatings() {}

    /** Writes them as MovieLens does, into {@value #FOLDER}. */
    public static void write(Path folder) throws IOException {
        Random random = new Random(1);
        StringBuilder ratings = new StringBuilder("userId,movieId,rating,timestamp\n");
        for (int rating = 0; rating < RATINGS; rating++) {
            int user = random.nextInt(USERS);
            int film = random.nextInt(5) == 0 ? random.nextInt(FILMS) : user % 10 * 8 + random.nextInt(8);
            ratings.append(String.format("%d,%d,4,%d%n", user, film, 1_600_000_000 + rating * 60));
        }
        StringBuilder films = new StringBuilder("movieId,title,genres\n");
        for (int film = 0; film < FILMS; film++) {
            films.append(String.format("%d,Film %d (1999),Genre%d%n", film, film, film / 8));
        }
        Files.createDirectory(folder.resolve(FOLDER));
        Files.writeString(folder.resolve(FOLDER).resolve("ratings.csv"), ratings);
        Files.writeString(folder.resolve(FOLDER).resolve("movies.csv"), films);
    }
}
