<?php
$config = [
    'users' => [
        'exampleauth:UserPass',
        'agent:agent' => [
            'uid' => ['agent'],
            'mail' => ['agent@example.org'],
            'displayName' => ['Ada Agent & Söhne <ops>'],
            'groups' => ['jira-agents', 'staff, all'],
        ],
        'customer:customer' => [
            'uid' => ['customer'],
            'mail' => ['customer@example.org'],
            'displayName' => ['Carl Customer'],
            'groups' => ['portal-customers'],
        ],
    ],
];
