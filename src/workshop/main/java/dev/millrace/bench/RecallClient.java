package dev.millrace.bench;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.Optional;

/** A client of the recall API, and of any process's metrics. Safe for threads. */
public final class RecallClient {

    private static final Duration PATIENCE = Duration.ofSeconds(10);
    private static final int OK = 200;

    private final String url;
    private final HttpClient http = HttpClient.newBuilder()
            .version(HttpClient.Version.HTTP_1_1)
            .connectTimeout(PATIENCE)
            .build();
    private final ObjectMapper json = new ObjectMapper();

    /** @param url of the server, without a path */
    public RecallClient(String url) {
        this.url = url;
    }

    /** The answer to a path; absent unless the status is 200. */
    public Optional<JsonNode> ask(String path) throws InterruptedException {
        HttpResponse<String> response = get(path);
        try {
            return response.statusCode() == OK ? Optional.of(json.readTree(response.body())) : Optional.empty();
        } catch (IOException malformed) {
            throw new UncheckedIOException("GET " + path, malformed);
        }
    }

    /** The status of the answer to a path. */
    public int status(String path) throws InterruptedException {
        return get(path).statusCode();
    }

    /**
     * A value of {@code /metrics}; NaN if it is missing.
     *
     * @param name as written there, with its labels
     */
    public double gauge(String name) throws InterruptedException {
        return get("/metrics")
                .body()
                .lines()
                .filter(line -> line.startsWith(name + " "))
                .mapToDouble(line -> Double.parseDouble(line.substring(name.length() + 1)))
                .findFirst()
                .orElse(Double.NaN);
    }

    private HttpResponse<String> get(String path) throws InterruptedException {
        HttpRequest request =
                HttpRequest.newBuilder(URI.create(url + path)).timeout(PATIENCE).build();
        try {
            return http.send(request, HttpResponse.BodyHandlers.ofString());
        } catch (IOException failed) {
            throw new UncheckedIOException("GET " + path, failed);
        }
    }
}
