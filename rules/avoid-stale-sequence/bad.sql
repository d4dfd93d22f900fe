-- finds: runsBehind (replay only)
INSERT INTO plans (id, name) VALUES (1, 'free'), (2, 'team'), (3, 'enterprise');
