import java.io.FileReader;
import java.util.Properties;
import org.flywaydb.core.Flyway;

/** `FlywayMigrate <flyway.conf>`: what `flyway migrate` does in the folder it is started in. */
public class FlywayMigrate {
  public static void main(String[] args) throws Exception {
    Properties settings = new Properties();
    try (FileReader reader = new FileReader(args[0])) {
      settings.load(reader);
    }
    Flyway.configure()
        .configuration(settings)
        .dataSource(System.getenv("JDBC_URL"), System.getenv("PGUSER"), System.getenv("PGPASSWORD"))
        .load()
        .migrate();
  }
}
