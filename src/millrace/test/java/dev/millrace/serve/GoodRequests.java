package dev.millrace.serve;

import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.locks.LockSupport;

/**
 * Requests of clients that behave, sent at a steady rate whether or not those before are answered.
 *
 * @param millis until each was answered, sorted
 * @param lost what happened to those that were not answered with 200
 */
record GoodRequests(double[] millis, List<String> lost) {

    private static final Duration PATIENCE = Duration.ofSeconds(10);

    /** Sends a GET, a POST and a GET of health in turn. */
    static GoodRequests send(String url, int perSecond, Duration time) {
        HttpClient client =
                HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
        List<HttpRequest> kinds = List.of(
                HttpRequest.newBuilder(URI.create(url + "/v1/recall?user=u1"))
                        .timeout(PATIENCE)
                        .build(),
                HttpRequest.newBuilder(URI.create(url + "/v1/recall"))
                        .timeout(PATIENCE)
                        .POST(HttpRequest.BodyPublishers.ofString("{\"user\": \"u1\"}"))
                        .build(),
                HttpRequest.newBuilder(URI.create(url + "/livez"))
                        .timeout(PATIENCE)
                        .build());
        return send(client, kinds, perSecond, time);
    }

    static GoodRequests send(HttpClient client, List<HttpRequest> kinds, int perSecond, Duration time) {
        int count = (int) (perSecond * time.toSeconds());
        long began = System.nanoTime();
        List<CompletableFuture<String>> answers = new ArrayList<>();
        double[] millis = new double[count];
        for (int at = 0; at < count; at++) {
            long due = began + at * 1_000_000_000L / perSecond;
            while (System.nanoTime() < due) {
                LockSupport.parkNanos(due - System.nanoTime());
            }
            int own = at;
            answers.add(client.sendAsync(kinds.get(at % kinds.size()), HttpResponse.BodyHandlers.ofString())
                    .handle((answer, failure) -> {
                        millis[own] = (System.nanoTime() - due) / 1e6;
                        return failure != null ? failure.toString() : Integer.toString(answer.statusCode());
                    }));
        }
        List<String> lost = answers.stream()
                .map(CompletableFuture::join)
                .filter(outcome -> !outcome.equals("200"))
                .toList();
        Arrays.sort(millis);
        return new GoodRequests(millis, lost);
    }

    double quantile(double share) {
        return millis[(int) Math.min(millis.length - 1, Math.ceil(share * millis.length))];
    }

    @Override
    public String toString() {
        return String.format(
                Locale.ROOT,
                "%d requests, p50 %.1f ms, p99 %.1f ms, max %.1f ms, %d lost",
                millis.length,
                quantile(0.5),
                quantile(0.99),
                millis[millis.length - 1],
                lost.size());
    }
}
