"""Tokens of the API, services, and which token a batch, a charge and an entry of the audit came by.

Each column is one that SQLite adds in place: remaking `tasks_charge` would lose its triggers.
"""

import django.core.validators
import django.db.models.deletion
from decimal import Decimal
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('tasks', '0022_batch_sums_in_one_step'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='ApiToken',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=60, verbose_name='name')),
                ('prefix', models.CharField(editable=False, max_length=12, verbose_name='begins with')),
                ('digest', models.CharField(editable=False, max_length=64, unique=True)),
                ('scope', models.CharField(choices=[('read', 'read'), ('make', 'create videos'), ('manage', 'manage')], default='read', max_length=6, verbose_name='scope')),
                ('unit', models.CharField(choices=[('tokens', 'tokens'), ('CNY', 'CNY ¥'), ('USD', 'USD $'), ('EUR', 'EUR €'), ('GBP', 'GBP £'), ('HKD', 'HKD'), ('JPY', 'JPY'), ('SGD', 'SGD')], default='tokens', max_length=6, verbose_name='counted in')),
                ('day_limit', models.DecimalField(blank=True, decimal_places=2, max_digits=15, null=True, validators=[django.core.validators.MinValueValidator(Decimal('0'))], verbose_name='limit a day')),
                ('expires_at', models.DateTimeField(blank=True, null=True, verbose_name='expires')),
                ('created_at', models.DateTimeField(verbose_name='made')),
                ('last_used_at', models.DateTimeField(null=True, verbose_name='last used')),
                ('last_used_from', models.GenericIPAddressField(null=True, verbose_name='used from')),
                ('revoked_at', models.DateTimeField(null=True, verbose_name='revoked')),
                ('created_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='made by')),
                ('person', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='api_tokens', to=settings.AUTH_USER_MODEL, verbose_name='acts as')),
                ('project', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, to='tasks.project', verbose_name='project')),
            ],
            options={
                'verbose_name': 'API token',
                'verbose_name_plural': 'API tokens',
                'ordering': ['-id'],
            },
        ),
        migrations.CreateModel(
            name='Service',
            fields=[
                ('user', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='service', serialize=False, to=settings.AUTH_USER_MODEL, verbose_name='account')),
                ('made_by', models.BigIntegerField(null=True, verbose_name='id of who made it')),
                ('created_at', models.DateTimeField(verbose_name='made')),
                ('project', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='services', to='tasks.project', verbose_name='project')),
            ],
            options={
                'verbose_name': 'service',
                'verbose_name_plural': 'services',
                'ordering': ['-created_at'],
            },
        ),
        migrations.AddField(
            model_name='auditentry',
            name='token',
            field=models.CharField(max_length=60, null=True, verbose_name='by token'),
        ),
        migrations.AddField(
            model_name='charge',
            name='api_token',
            field=models.BigIntegerField(null=True, verbose_name="API token's id"),
        ),
        migrations.AlterField(
            model_name='auditentry',
            name='verb',
            field=models.CharField(choices=[('signed_in', 'signed in'), ('sign_in_failed', 'could not sign in'), ('signed_out', 'signed out'), ('sessions_ended', 'ended sessions'), ('password_changed', 'changed the password'), ('factor_added', 'added a second factor'), ('factor_removed', 'removed a second factor'), ('invited', 'invited'), ('invitation_withdrawn', 'withdrew an invitation'), ('joined', 'joined'), ('role_changed', 'changed a role'), ('person_removed', 'removed a person'), ('person_added', 'made an account'), ('person_changed', 'changed an account'), ('project_made', 'made a project'), ('project_changed', 'changed a project'), ('project_removed', 'removed a project'), ('credential_added', 'added a credential'), ('credential_changed', 'changed a credential'), ('credential_removed', 'removed a credential'), ('key_replaced', 'replaced a key'), ('price_set', 'set a price'), ('price_ended', 'ended a price'), ('price_removed', 'removed a price'), ('budget_changed', 'changed a budget'), ('bill_uploaded', 'uploaded a bill'), ('bill_columns', "chose a bill's columns"), ('bill_removed', 'removed a bill'), ('prompt_saved', 'saved a prompt'), ('prompt_changed', 'changed a saved prompt'), ('tracked', 'tracked tasks'), ('adopted', 'adopted tasks'), ('moved', 'moved to the project that pays'), ('exported', 'exported'), ('deleted', 'deleted'), ('restored', 'restored'), ('purged', 'deleted for good'), ('cancelled', 'cancelled'), ('token_made', 'made an API token'), ('token_revoked', 'revoked an API token'), ('service_made', 'made a service')], max_length=24, verbose_name='did what'),
        ),
        migrations.AddIndex(
            model_name='charge',
            index=models.Index(condition=models.Q(('api_token__isnull', False)), fields=['api_token', 'day'], name='charge_token'),
        ),
        migrations.AddField(
            model_name='batch',
            name='api_token',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, to='tasks.apitoken', verbose_name='API token'),
        ),
    ]
