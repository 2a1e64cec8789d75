package dev.millrace.faults;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.net.ConnectException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;

/** Asks a process that answers over HTTP. */
final class HttpProbe {

    private static final Duration PATIENCE = Duration.ofSeconds(20);
    private static final int OK = 200;

    private final HttpClient http = HttpClient.newHttpClient();
    private final ObjectMapper json = new ObjectMapper();
    private final String url;

    HttpProbe(String url) {
        this.url = url;
    }

    int status(String path) throws IOException, InterruptedException {
        return get(path).statusCode();
    }

    /** What is answered, with whatever status. */
    String text(String path) throws IOException, InterruptedException {
        return get(path).body();
    }

    /** Whether the process answers that it may be given traffic. */
    boolean isReady() throws IOException, InterruptedException {
        return status("/readyz") == OK;
    }

    /** What is answered with status 200; fails on any other. */
    JsonNode fetch(String path) throws IOException, InterruptedException {
        HttpResponse<String> response = get(path);
        if (response.statusCode() != OK) {
            throw new AssertionError(url + path + " answered " + response.statusCode() + ": " + response.body());
        }
        return json.readTree(response.body());
    }

    private HttpResponse<String> get(String path) throws IOException, InterruptedException {
        try {
            return http.send(
                    HttpRequest.newBuilder(URI.create(url + path))
                            .timeout(PATIENCE)
                            .build(),
                    HttpResponse.BodyHandlers.ofString());
        } catch (ConnectException nobody) {
            throw new AssertionError("nobody answers at " + url + ": the process has ended", nobody);
        }
    }
}
