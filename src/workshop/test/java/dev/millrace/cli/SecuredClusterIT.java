package dev.millrace.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import dev.millrace.topic.EmbeddedBroker;
import dev.millrace.topic.FreePort;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AdminClientConfig;
import org.apache.kafka.clients.admin.ScramCredentialInfo;
import org.apache.kafka.clients.admin.ScramMechanism;
import org.apache.kafka.clients.admin.UserScramCredentialUpsertion;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * All processes with the ready files of config/security, on brokers that let in nobody else. Certificates are made by the commands of
 * docs/access.md, rights by those that {@code topics acls} prints.
 */
@Tag("slow")
class SecuredClusterIT {

    private static final Path ACCESS = Path.of("docs/access.md");
    private static final Duration PATIENCE = Duration.ofMinutes(2);
    private static final int EVENTS = 2_000;
    private static final int UNUSABLE_SETTINGS = 2;
    private static final int NOT_ALLOWED = 77;
    private static final int SIGTERM = 128 + 15;

    private static final String PASSWORD = "h4rd-to-gu3ss";
    private static final String WRONG_PASSWORD = "3asy-to-gu3ss";

    /** Who runs each command. */
    private static final Map<String, String> COMMANDS =
            Map.of("operator", "topics create", "trainer", "train", "server", "serve", "shop", "replay");

    private final Path directory;
    private final int port = FreePort.find();
    private int processes;

    SecuredClusterIT(@TempDir Path directory) {
        this.directory = directory;
    }

    @Test
    void aClickBecomesAVectorOnAClusterThatAsksForPasswords() throws Exception {
        makeCertificates("");
        Map<String, String> listener = Map.of(
                "listener.security.protocol.map",
                "BROKER:PLAINTEXT,CONTROLLER:PLAINTEXT,DETOUR:SASL_SSL",
                "listener.name.detour.sasl.enabled.mechanisms",
                "SCRAM-SHA-512",
                "listener.name.detour.scram-sha-512.sasl.jaas.config",
                "org.apache.kafka.common.security.scram.ScramLoginModule required;");
        Path file = Path.of("config/security/sasl-scram.properties");
        try (EmbeddedBroker broker = start(listener);
                Admin admin = admin(broker)) {
            for (String user : COMMANDS.keySet()) {
                ScramCredentialInfo scram = new ScramCredentialInfo(ScramMechanism.SCRAM_SHA_512, 4096);
                admin.alterUserScramCredentials(List.of(new UserScramCredentialUpsertion(user, scram, PASSWORD)))
                        .all()
                        .get();
            }
            grantWhatIsPrinted(admin);

            aClickBecomesAVector(file, this::login);

            fails(
                    NOT_ALLOWED,
                    "kafka.sasl.jaas.config must have a user of the cluster with the right password",
                    run(file, with(login("trainer"), "KAFKA_PASSWORD", WRONG_PASSWORD), "train"));
            makeCertificates("other");
            fails(
                    NOT_ALLOWED,
                    "kafka.ssl.truststore.* must hold the authority that signed the broker's certificate",
                    run(file, with(login("server"), "KAFKA_AUTHORITY", path("other/authority.pem")), "serve"));
            fails(
                    UNUSABLE_SETTINGS,
                    "kafka.sasl.jaas.config = (hidden): must be ",
                    run(
                            file,
                            with(login("operator"), "KAFKA_PASSWORD", PASSWORD + "\"" + PASSWORD),
                            "topics",
                            "create"));
            run(file, login("operator"), "settings");
            succeeds(log(file, login("operator"), List.of(everything()), "topics", "create"));
        }
        nobodyTellsAPassword();
    }

    @Test
    void clicksBecomeVectorsOnASecuredCluster() throws Exception {
        makeCertificates("");
        Map<String, String> listener = Map.of(
                "listener.security.protocol.map",
                "BROKER:PLAINTEXT,CONTROLLER:PLAINTEXT,DETOUR:SSL",
                "listener.name.detour.ssl.client.auth",
                "required",
                "listener.name.detour.ssl.truststore.type",
                "PEM",
                "listener.name.detour.ssl.truststore.location",
                path("authority.pem"),
                "listener.name.detour.ssl.principal.mapping.rules",
                "RULE:^CN=([^,]+).*$/$1/");
        Path file = Path.of("config/security/mtls.properties");
        try (EmbeddedBroker broker = start(listener);
                Admin admin = admin(broker)) {
            grantWhatIsPrinted(admin);

            aClickBecomesAVector(file, this::certificate);

            Path secrets = Files.writeString(directory.resolve("kafka.secrets"), "key = " + PASSWORD);
            succeeds(run(
                    file,
                    without(certificate("operator"), "KAFKA_KEY_PASSWORD"),
                    "topics",
                    "create",
                    "--set",
                    "kafka.ssl.key.password=${file:" + secrets + ":key}"));
            makeCertificates("other");
            fails(
                    NOT_ALLOWED,
                    "kafka.ssl.keystore.* hold a certificate that the cluster trusts",
                    run(file, with(certificate("trainer"), "KAFKA_KEYSTORE", path("other/trainer.pem")), "train"));
            succeeds(log(file, certificate("operator"), List.of(everything()), "topics", "create"));
        }
        nobodyTellsAPassword();
    }

    /** Who somebody is, as environment. */
    private interface Identity {
        Map<String, String> of(String principal);
    }

    private void aClickBecomesAVector(Path file, Identity identity) throws Exception {
        succeeds(run(file, identity.of("operator"), "topics", "create"));
        GeneratedShop shop = GeneratedShop.of(EVENTS);
        try (MillraceProcess trainer =
                        start(file, identity.of("trainer"), List.of(), "train", "--set", "train.http.port=0");
                MillraceProcess server =
                        start(file, identity.of("server"), List.of(), "serve", "--set", "serve.port=0")) {
            String health = trainer.awaitOutput("health and metrics (\\S+)");
            String url = server.awaitOutput("recall API (\\S+)");
            succeeds(run(file, identity.of("shop"), GeneratedShop.replay(EVENTS)));

            String clicked = shop.clickedItemByUser().values().iterator().next();
            HttpProbe recall = new HttpProbe(url);
            await().atMost(PATIENCE).untilAsserted(() -> {
                JsonNode item = recall.fetch("/v1/items/" + clicked);
                assertThat(item.path("step").asLong()).isPositive();
                assertThat(item.path("vector")).isNotEmpty();
            });
            for (HttpProbe probe : List.of(recall, new HttpProbe(health))) {
                assertThat(probe.text("/metrics") + probe.text("/readyz")).doesNotContain(PASSWORD);
            }
            trainer.terminate();
            server.terminate();
            assertThat(trainer.awaitExit(PATIENCE)).as(trainer.output()).isEqualTo(SIGTERM);
            assertThat(server.awaitExit(PATIENCE)).as(server.output()).isEqualTo(SIGTERM);
        }
    }

    private void makeCertificates(String folder) throws Exception {
        Path made = directory.resolve(folder);
        DocumentedCommands.of(ACCESS, "openssl").run(made, Map.of());
        for (String principal : COMMANDS.keySet()) {
            DocumentedCommands.of(ACCESS, "name=trainer")
                    .with("name=trainer", "name=" + principal)
                    .run(made, Map.of("KAFKA_KEY_PASSWORD", PASSWORD));
        }
    }

    /** A broker that lets in whom the listener knows, and allows them what is granted alone. The test itself uses another listener. */
    private EmbeddedBroker start(Map<String, String> listener) {
        Map<String, String> properties = new HashMap<>(listener);
        properties.put("listener.name.detour.ssl.keystore.type", "PEM");
        properties.put("listener.name.detour.ssl.keystore.location", path("broker.pem"));
        properties.put("authorizer.class.name", "org.apache.kafka.metadata.authorizer.StandardAuthorizer");
        properties.put("super.users", "User:ANONYMOUS");
        return EmbeddedBroker.start(
                directory.resolve("broker"),
                0,
                Optional.of(new EmbeddedBroker.Detour(port, "127.0.0.1:" + port)),
                properties);
    }

    private static Admin admin(EmbeddedBroker broker) {
        return Admin.create(Map.of(AdminClientConfig.BOOTSTRAP_SERVERS_CONFIG, broker.bootstrapServers()));
    }

    private static void grantWhatIsPrinted(Admin admin) throws Exception {
        Commands commands = new Commands();
        for (Map.Entry<String, String> each : COMMANDS.entrySet()) {
            assertThat(commands.run("topics", "acls", "--principal", "User:" + each.getKey(), each.getValue()))
                    .isZero();
            for (String call : commands.out().lines().toList()) {
                admin.createAcls(PrintedAcls.bindings(call)).all().get();
            }
        }
    }

    private Map<String, String> login(String user) {
        return Map.of("KAFKA_USER", user, "KAFKA_PASSWORD", PASSWORD, "KAFKA_AUTHORITY", path("authority.pem"));
    }

    private Map<String, String> certificate(String principal) {
        return Map.of(
                "KAFKA_KEYSTORE",
                path(principal + ".pem"),
                "KAFKA_KEY_PASSWORD",
                PASSWORD,
                "KAFKA_AUTHORITY",
                path("authority.pem"));
    }

    private static Map<String, String> with(Map<String, String> environment, String name, String value) {
        Map<String, String> other = new HashMap<>(environment);
        other.put(name, value);
        return other;
    }

    private static Map<String, String> without(Map<String, String> environment, String name) {
        Map<String, String> other = new HashMap<>(environment);
        other.remove(name);
        return other;
    }

    private String path(String name) {
        return directory.resolve(name).toString();
    }

    /** A JVM option that makes Kafka's clients and all else log whatever they can. */
    private String everything() throws IOException {
        Path file = Files.writeString(
                directory.resolve("everything.xml"),
                """
                <configuration>
                  <appender name="OUT" class="ch.qos.logback.core.ConsoleAppender">
                    <encoder><pattern>%level %logger %msg%n%ex</pattern></encoder>
                  </appender>
                  <root level="TRACE"><appender-ref ref="OUT"/></root>
                </configuration>
                """);
        return "-Dlogback.configurationFile=" + file;
    }

    private MillraceProcess run(Path file, Map<String, String> environment, String... arguments) throws Exception {
        return log(file, environment, List.of(), arguments);
    }

    private MillraceProcess log(Path file, Map<String, String> environment, List<String> options, String... arguments)
            throws Exception {
        MillraceProcess process = start(file, environment, options, arguments);
        process.awaitExit(PATIENCE);
        return process;
    }

    private MillraceProcess start(Path file, Map<String, String> environment, List<String> options, String... arguments)
            throws IOException {
        List<String> all = new ArrayList<>(List.of(arguments));
        if (!all.contains("settings")) {
            all.addAll(List.of("--bootstrap-server", "127.0.0.1:" + port));
            all.addAll(List.of("--command-config", file.toAbsolutePath().toString()));
        }
        MillraceProcess.Launch program = MillraceProcess.Launch.PROGRAM;
        List<String> more =
                Stream.concat(program.options().stream(), options.stream()).toList();
        return MillraceProcess.start(
                program.with(more).with(environment),
                directory,
                arguments[0] + "-" + processes++,
                all.toArray(String[]::new));
    }

    private static void succeeds(MillraceProcess process) throws InterruptedException {
        assertThat(process.awaitExit(PATIENCE)).as(process.output()).isZero();
    }

    private static void fails(int status, String message, MillraceProcess process) throws InterruptedException {
        assertThat(process.awaitExit(PATIENCE)).as(process.output()).isEqualTo(status);
        assertThat(process.output()).contains(message).doesNotContainPattern("(?m)^\\s+at ");
    }

    private void nobodyTellsAPassword() throws IOException {
        try (Stream<Path> files = Files.list(directory)) {
            List<Path> logs =
                    files.filter(file -> file.toString().endsWith(".log")).toList();
            assertThat(logs).hasSizeGreaterThan(6);
            for (Path log : logs) {
                assertThat(log).content().doesNotContain(PASSWORD).doesNotContain(WRONG_PASSWORD);
            }
        }
    }
}
