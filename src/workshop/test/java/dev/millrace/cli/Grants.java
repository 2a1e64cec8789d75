package dev.millrace.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.millrace.topic.EmbeddedBroker;
import dev.millrace.topic.FreePort;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AdminClientConfig;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.acl.AclBinding;
import org.apache.kafka.common.acl.AclBindingFilter;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/** A broker that grants nothing that no rule allows, and principals that have some of the documented rights and no others. */
final class Grants implements AutoCloseable {

    private static final int PRINCIPALS = 200;

    private final EmbeddedBroker broker;
    private final Admin admin;
    private final String address;
    private final List<AccessRights> documented;
    private int principals;

    /** @param topics all that there are */
    Grants(Path directory, List<String> topics) {
        int port = FreePort.find();
        this.address = "127.0.0.1:" + port;
        this.documented = AccessRights.documented(topics);
        this.broker = EmbeddedBroker.start(
                directory.resolve("broker"), 0, Optional.of(new EmbeddedBroker.Detour(port, address)), secured());
        this.admin = Admin.create(Map.of(AdminClientConfig.BOOTSTRAP_SERVERS_CONFIG, broker.bootstrapServers()));
    }

    /** Address of the listener where everybody may do everything. */
    String bootstrapServers() {
        return broker.bootstrapServers();
    }

    @Override
    public void close() {
        admin.close();
        broker.close();
    }

    /** The second listener asks who a client is, and grants nothing that no rule allows; the first is for the test itself. */
    private static Map<String, String> secured() {
        String users = IntStream.range(0, PRINCIPALS)
                .mapToObj(number -> "user_p" + number + "=\"secret\"")
                .collect(Collectors.joining(" "));
        return Map.of(
                "listener.security.protocol.map",
                "BROKER:PLAINTEXT,CONTROLLER:PLAINTEXT,DETOUR:SASL_PLAINTEXT",
                "listener.name.detour.sasl.enabled.mechanisms",
                "PLAIN",
                "listener.name.detour.plain.sasl.jaas.config",
                "org.apache.kafka.common.security.plain.PlainLoginModule required " + users + ";",
                "authorizer.class.name",
                "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
                "super.users",
                "User:ANONYMOUS");
    }

    /** A transaction in a topic that servers follow, whose end does not come; the caller closes it. */
    Producer<byte[], byte[]> openTransaction(String id, Duration timeout) throws Exception {
        Producer<byte[], byte[]> producer = new KafkaProducer<>(
                Map.of(
                        ProducerConfig.BOOTSTRAP_SERVERS_CONFIG,
                        bootstrapServers(),
                        ProducerConfig.TRANSACTIONAL_ID_CONFIG,
                        id,
                        ProducerConfig.TRANSACTION_TIMEOUT_CONFIG,
                        (int) timeout.toMillis()),
                new ByteArraySerializer(),
                new ByteArraySerializer());
        producer.initTransactions();
        producer.beginTransaction();
        producer.send(new ProducerRecord<>("user-features", 0, new byte[1], new byte[1]))
                .get();
        return producer;
    }

    /** All rights of all commands. */
    List<AccessRights> documented() {
        return documented;
    }

    /** The settings of a client that has the rights of some commands. */
    Map<String, String> exactly(String... commands) throws Exception {
        return of(Set.of(commands), each -> true);
    }

    /** The settings of a client that has those rights of a command. */
    Map<String, String> of(String command, Predicate<AccessRights> which) throws Exception {
        return of(Set.of(command), which);
    }

    /** Lets the authoriser have more rules. The broker hears of them after the answer. */
    private void add(Collection<AclBinding> rules) throws Exception {
        admin.createAcls(rules).all().get();
        await().pollDelay(Duration.ZERO)
                .atMost(Duration.ofMinutes(1))
                .until(() ->
                        admin.describeAcls(AclBindingFilter.ANY).values().get().containsAll(rules));
    }

    private Map<String, String> of(Set<String> commands, Predicate<AccessRights> which) throws Exception {
        List<AccessRights> rights = documented.stream()
                .filter(each -> commands.contains(each.command()))
                .toList();
        assertThat(rights).as("rights of " + commands).isNotEmpty();
        String principal = "p" + principals++;
        add(rights.stream().filter(which).map(each -> each.of(principal)).toList());
        return Map.of(
                "kafka.bootstrap.servers",
                address,
                "kafka.security.protocol",
                "SASL_PLAINTEXT",
                "kafka.sasl.mechanism",
                "PLAIN",
                "kafka.sasl.jaas.config",
                "org.apache.kafka.common.security.plain.PlainLoginModule required username=\"" + principal
                        + "\" password=\"secret\";");
    }
}
